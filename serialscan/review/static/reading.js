// Readings character by character: compared, or with what a doubtful character may be.

import { count, make, say, visible } from "./words.js";

function cell(char, extra = "", attributes = {}, tag = "span") {
  const name = ["cell", char === " " ? "space" : "", extra].filter(Boolean).join(" ");
  return make(tag, { class: name, ...attributes }, char === "" ? "·" : char === " " ? " " : visible(char));
}

function row(label, cells, spoken) {
  const text = make("span", { class: "visually-hidden" }, visible(spoken));
  const shown = make("span", { class: "cells", "aria-hidden": "true" }, ...cells);
  return [make("strong", {}, label), make("span", {}, text, shown)];
}

// What was typed over what the program read; the places that differ are marked.
export function comparison(said) {
  if (said.value === null) return make("div", {}, make("p", {}, say("nothing_read")), ...about(said));
  const differs = said.pairs.filter(([one, other]) => one !== other).length;
  const cells = (side) => said.pairs.map((pair) => cell(pair[side], pair[0] === pair[1] ? "" : "differs"));
  const text = differs ? count("compare_differs", differs) : say("compare_same");
  return make("div", {},
    make("div", { class: "reading" },
      ...row(say("yours"), cells(0), said.typed),
      ...row(say("programs"), cells(1), said.value)),
    make("p", {}, text), ...about(said));
}

// How sure the program is, what it warns of, and other numbers that it saw.
function about(said) {
  const lines = [];
  if (said.decision && said.value !== null) {
    const sure = Math.round(said.confidence * 100);
    lines.push(make("p", { class: "soft" }, say("program_says", { decision: say(`decision_${said.decision}`), sure })));
  }
  if (said.others.length) {
    lines.push(make("p", { class: "soft" }, say("also_possible"), " ", make("bdi", {}, said.others.map(visible).join(", "))));
  }
  for (const text of said.warnings) lines.push(make("p", { class: "warning" }, text));
  return lines;
}

// The program's reading as buttons; a doubtful one goes through its alternatives.
export class Assisted {
  constructor(said) {
    this.chars = said.characters.length
      ? said.characters.map((one) => ({ now: one.char, doubtful: one.doubtful, all: options(one) }))
      : [...(said.value ?? "")].map((char) => ({ now: char, doubtful: false, all: [char, "?"] }));
    this.line = make("span", { class: "cells", role: "group", "aria-label": say("programs") });
    this.element = make("div", {},
      make("div", { class: "reading" }, make("strong", {}, say("programs")), this.line), ...about(said));
    this.line.append(...this.chars.map((one, index) => this.#button(one, index)));
  }

  get value() {
    return this.chars.map((one) => one.now).join("");
  }

  key(event) {
    const index = [...this.line.children].indexOf(event.target);
    if (index < 0) return false;
    const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const turn = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (move) this.line.children[Math.max(0, Math.min(this.chars.length - 1, index + move))].focus();
    else if (turn) this.#turn(index, turn);
    else return false;
    return true;
  }

  #button(one, index) {
    const others = one.all.filter((char) => char !== one.now).map(visible).join(" ");
    const label = one.doubtful ? say("alternatives", { char: visible(one.now), others }) : say("certain", { char: visible(one.now) });
    return cell(one.now, one.doubtful ? "doubtful" : "",
      { type: "button", title: label, "aria-label": label, onclick: () => this.#turn(index, 1) }, "button");
  }

  #turn(index, by) {
    const one = this.chars[index];
    one.now = one.all[(one.all.indexOf(one.now) + by + one.all.length) % one.all.length];
    const fresh = this.#button(one, index);
    this.line.children[index].replaceWith(fresh);
    fresh.focus();
  }
}

function options(one) {
  return [...new Set([one.char, ...one.others, "?"])];
}
