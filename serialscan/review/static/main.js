// The page: one photo after another, one answer each.

import { Refused, get, picture, post } from "./api.js";
import { Assisted, comparison } from "./reading.js";
import { Viewer } from "./viewer.js";
import { count, learn, make, say, visible } from "./words.js";

const AHEAD = 2; // photos that are loaded before they are asked for
const KEPT = 8; // photos whose pictures stay in memory
const NOTHING = { value: null, decision: null, characters: [], others: [], warnings: [], opinions: [], pairs: [], same: false };
const PAN = 60; // px of an arrow key

const byId = (name) => document.getElementById(name);
const light = { brightness: 1, contrast: 1, invert: false, flat: false, overlay: true };
const loaded = new Map(); // what was asked of the server, by photo and light
const state = { order: [], at: -1, done: new Set(), photo: null, spot: null, stage: "", said: null, busy: false };
let session = null;
let assisted = null;

const crop = new Viewer(byId("crop"));
const whole = new Viewer(byId("whole"), drawn, sharpen);
let active = crop;

// ---- start

async function start() {
  session = await get("/api/start");
  learn(session.texts);
  byId("mode").textContent = say(`mode_${session.mode}`);
  byId("role").textContent = say(`role_${session.role}`);
  theme(recall("theme") ?? "auto");
  byId("single-keys").checked = recall("single-keys") !== "off";
  if (session.person === null) byId("who").showModal();
  else await begin();
}

async function begin() {
  const { name, role, badge } = session.person;
  byId("person").textContent = visible([name, role, badge].filter(Boolean).join(", "));
  byId("person").hidden = false;
  await refill();
}

async function refill(wanted = null) {
  const form = new FormData(byId("filters"));
  const query = Object.fromEntries([...form].filter(([, value]) => value !== ""));
  const said = await get("/api/queue", query);
  state.order = said.order;
  state.done.clear();
  tellLeft(said.left);
  const at = wanted === null ? 0 : Math.max(0, state.order.indexOf(wanted));
  await show(state.order.length ? at : -1);
}

function tellLeft(number) {
  byId("left").textContent = number ? count("left", number) : say("left_none");
}

// ---- loading

function load(number, spot = "serial") {
  const key = `${number} ${spot} ${light.flat}`;
  if (!loaded.has(key)) {
    const flat = light.flat ? { flat: 1 } : {};
    loaded.set(key, (async () => {
      const photo = await get(`/api/photo/${number}`);
      const target = photo.spots.find((one) => one.name === spot);
      const page = target?.page ?? photo.page;
      const [near, far, said] = await Promise.all([
        target && !target.crop ? null : picture(`/api/photo/${number}/crop`, { spot, ...flat }),
        photo.picture === "none" ? null : picture(`/api/photo/${number}/whole`, { page, ...flat }),
        session.mode === "assist" ? get(`/api/photo/${number}/reading`, { spot }) : null,
      ]);
      return { photo, near, far, said };
    })());
    loaded.get(key).catch(() => loaded.delete(key));
    forget();
  }
  return loaded.get(key);
}

function forget() {
  for (const [key, promise] of [...loaded].slice(0, Math.max(0, loaded.size - KEPT))) {
    loaded.delete(key);
    promise.then(({ near, far }) => {
      for (const one of [near, far]) if (one && one !== crop.size && one !== whole.size) URL.revokeObjectURL(one.address);
    }, () => {});
  }
}

// ---- showing

async function show(at, spot = "serial") {
  state.at = at;
  byId("main").hidden = at < 0;
  byId("empty").hidden = at >= 0;
  byId("place").textContent = at < 0 ? "" : say("of_total", { place: at + 1, total: state.order.length });
  if (at < 0) {
    state.photo = null;
    byId("empty-undo").focus();
    return;
  }
  const number = state.order[at];
  const { photo, near, far, said } = await load(number, spot);
  if (state.order[state.at] !== number) return; // somebody went on meanwhile
  const same = state.photo?.number === number;
  stopDrawing();
  state.photo = photo;
  paintPhoto(photo);
  paintPictures(spot, near, far, same);
  await choose(spot, said);
  for (let ahead = 1; ahead <= AHEAD; ahead += 1) {
    const next = nextOpen(ahead);
    if (next !== null) load(state.order[next]).catch(() => {});
  }
}

function paintPictures(spot, near, far, same) {
  const photo = state.photo;
  const target = photo.spots.find((one) => one.name === spot);
  const outlines = target?.outlines ?? [];
  crop.show(near, near ?? { width: 1, height: 1 }, []);
  byId("crop-none").hidden = near !== null;
  whole.show(far, photo, outlines, { keep: same });
  active = near ? crop : whole;
  relight();
}

// All pixels of the whole photo, once somebody zooms in.
async function sharpen() {
  const { photo, spot } = state;
  if (whole.size.full || photo.picture !== "original") return;
  whole.size.full = true;
  const page = photo.spots.find((one) => one.name === spot)?.page ?? photo.page;
  const query = { page, full: 1, ...(light.flat ? { flat: 1 } : {}) };
  const full = await picture(`/api/photo/${photo.number}/whole`, query).catch(() => null);
  if (full === null || state.photo !== photo) return;
  whole.show({ ...full, full: true }, photo, whole.outlines, { keep: true });
  relight();
}

function paintPhoto(photo) {
  const why = photo.why ? `: ${say(`why_${photo.why}`)}` : "";
  byId("source").textContent = say(`picture_${photo.picture}`) + why;
  byId("source").className = `source ${photo.picture}`;
  byId("problem").textContent = photo.error ?? "";
  byId("problem").hidden = photo.error === null;
  byId("fact-path").textContent = photo.path;
  byId("fact-item").textContent = photo.items.join(", ") || "-";
  byId("fact-hash").textContent = photo.sha256 ?? "-";
  byId("fact-page").textContent = `${photo.page} / ${photo.pages}`;
  const marks = photo.spots.filter((one) => one.name !== "serial");
  byId("marks").replaceChildren(...(marks.length ? marks.map(markButton) : [make("li", { class: "soft" }, say("marks_none"))]));
}

function means(name) {
  return name === "serial" ? say("what_serial") : name.replaceAll("_", " ");
}

function markButton(mark) {
  const value = mark.value === null ? "" : `: ${visible(mark.value)}`;
  const done = mark.done ? ` ✓ ${say("mark_done")}` : "";
  const button = make("button", { type: "button", "aria-pressed": String(mark.name === state.spot),
    onclick: () => toSpot(mark.name) }, make("bdi", {}, means(mark.means) + value), done);
  button.dataset.spot = mark.name;
  return make("li", {}, button);
}

async function toSpot(name) {
  await guarded(() => show(state.at, name));
}

// ---- what is to be answered

async function choose(spot, known = null) {
  state.spot = spot;
  state.said = null;
  assisted = null;
  for (const button of byId("marks").querySelectorAll("button")) {
    button.setAttribute("aria-pressed", String(button.dataset.spot === spot));
  }
  const target = state.photo.spots.find((one) => one.name === spot);
  byId("what").textContent = spot.startsWith("box ")
    ? say("what_box", { means: means(byId("draw-means").value) })
    : spot === "serial" ? say("what_serial") : say("what_mark", { means: means(target.means) });
  byId("reading").replaceChildren();
  byId("choices").replaceChildren();
  byId("typed").value = "";
  byId("reason").value = byId("note").value = "";
  byId("more").open = false;
  if (session.mode === "assist") {
    if (spot.startsWith("box ")) tell(say("reading_wait"));
    const photo = state.photo;
    const said = known ?? await get(`/api/photo/${photo.number}/reading`, { spot }).catch((error) => {
      if (error.code !== "box_not_read") throw error;
      tell(say("error_box_not_read"), "bad");
      return { ...NOTHING, typed: null };
    });
    if (state.photo !== photo || state.spot !== spot) return;
    if (spot.startsWith("box ")) tell("");
    state.said = said;
    if (said.value === null && said.opinions.length === 0) edit("");
    else assist();
  } else {
    stage("type");
  }
}

function stage(name) {
  state.stage = name;
  byId("type-form").hidden = !["type", "edit"].includes(name);
  byId("typed-label").textContent = say(name === "edit" ? "edit_label" : "type_label");
  byId("submit").textContent = say(name === "edit" ? "confirm_edit" : "submit");
  byId("reading").hidden = !["compare", "assist"].includes(name);
  byId("choices").hidden = byId("reading").hidden;
  if (!byId("type-form").hidden) byId("typed").focus({ preventScroll: true });
  else byId("choices").querySelector("button")?.focus({ preventScroll: true });
}

function option(text, key, action, primary = false) {
  return make("button", { type: "button", class: primary ? "primary" : "", onclick: action }, make("bdi", {}, text), " ", make("kbd", {}, key));
}

function opinionOptions(first) {
  return state.said.opinions.map(([answer, value], index) =>
    option(say("take_other", { value: visible(value ?? say(`answer_${answer}`)) }), String(first + index),
      () => decide(answer, value)));
}

function compare() {
  const said = state.said;
  const program = said.value === null ? [] : [option(say("take_program"), "2", () => decide("read", said.value))];
  byId("reading").replaceChildren(comparison(said));
  byId("choices").replaceChildren(
    option(say("take_mine"), "Enter", () => decide("read", said.typed), true), ...program,
    ...opinionOptions(3), option(say("edit"), "e", () => edit(said.typed)));
  stage("compare");
}

function assist() {
  const said = state.said;
  assisted = new Assisted(said);
  const accept = said.value === null ? [] : [option(say("accept"), "Enter", () => decide("read", assisted.value), true)];
  byId("reading").replaceChildren(said.value === null ? make("p", {}, say("nothing_read")) : assisted.element);
  byId("choices").replaceChildren(...accept, ...opinionOptions(3), option(say("edit"), "e", () => edit(assisted.value)));
  stage("assist");
}

function edit(value) {
  byId("typed").value = value;
  stage("edit");
}

async function submit() {
  const text = byId("typed").value.trim();
  if (!text) return tell(say("error_nothing_typed"), "bad");
  if (state.stage === "edit") return send("read", text);
  const { photo, spot } = state;
  if (spot.startsWith("box ")) tell(say("reading_wait"));
  const said = await post("/api/typed", { number: photo.number, spot, text }).catch((error) => {
    if (error.code !== "box_not_read") throw error;
    tell(say("error_box_not_read"), "bad");
    return { ...NOTHING, typed: text };
  });
  if (state.photo !== photo || state.spot !== spot) return;
  if (spot.startsWith("box ")) tell("");
  state.said = said;
  if (said.same && !said.opinions.length) return send("read", text, "done_same");
  return compare();
}

const decide = (answer, value = null) => guarded(() => send(answer, value));

async function send(answer, value = null, text = null) {
  const { photo, spot } = state;
  const said = await post("/api/decision", {
    number: photo.number, spot, answer, value, reason: byId("reason").value || null, note: byId("note").value || null,
    enhancements: enhancements(),
  });
  tellLeft(said.left);
  const told = text ?? (answer === "read" ? "done_read" : "done_other");
  tell(say(told, { value: visible(value ?? ""), answer: say(`answer_${answer}`), entry: said.sequence }), "good");
  for (const key of [...loaded.keys()].filter((one) => one.startsWith(`${photo.number} `))) loaded.delete(key);
  const ofSerial = spot === "serial" || (spot.startsWith("box ") && byId("draw-means").value === "serial");
  const wasOpen = !photo.spots[0].done;
  if (ofSerial) state.done.add(photo.number);
  if (ofSerial || !wasOpen) await go(1, true);
  else await show(state.at);
}

// ---- moving on

// The place of a photo that is not decided yet, so many further on; null if there is none.
function nextOpen(steps) {
  const places = state.order.map((number, place) => place);
  const ring = [...places.slice(state.at + 1), ...places.slice(0, Math.max(0, state.at))];
  return ring.filter((place) => !state.done.has(state.order[place]))[steps - 1] ?? null;
}

async function go(way, decided = false) {
  if (decided) {
    const next = nextOpen(1);
    return next === null ? refill() : show(next);
  }
  if (!state.order.length) return undefined;
  tell("");
  return show((state.at + way + state.order.length) % state.order.length);
}

async function undo() {
  const said = await post("/api/undo");
  loaded.clear();
  tellLeft(said.left);
  state.done.delete(said.number);
  if (!state.order.includes(said.number)) state.order.splice(Math.max(0, state.at), 0, said.number);
  await show(state.order.indexOf(said.number), said.spot);
  tell(say("undone", { entry: said.sequence }), "good");
}

// ---- drawing

async function drawn(corners) {
  await guarded(async () => {
    const [...box] = corners.map((one) => Math.round(one * 10) / 10);
    const said = await post("/api/box", { number: state.photo.number, page: state.photo.page, corners: box, means: byId("draw-means").value });
    const near = await picture(`/api/photo/${state.photo.number}/crop`, { spot: said.spot, ...(light.flat ? { flat: 1 } : {}) });
    whole.drawing = false;
    byId("whole").classList.remove("drawing");
    press("draw", false);
    byId("draw-bar").hidden = true;
    crop.show(near, near ?? { width: 1, height: 1 }, []);
    byId("crop-none").hidden = near !== null;
    relight();
    await choose(said.spot);
  });
}

function startDrawing() {
  if (!whole.size) return tell(say("error_no_picture"), "bad");
  press("draw", true);
  byId("draw-bar").hidden = false;
  return whole.draw(true);
}

function stopDrawing() {
  press("draw", false);
  byId("draw-bar").hidden = true;
  whole.draw(false);
}

// ---- light

function press(tool, on) {
  document.querySelector(`[data-tool="${tool}"]`).setAttribute("aria-pressed", String(on));
}

function relight() {
  for (const one of [crop, whole]) {
    one.light(light);
    one.showOverlay(light.overlay);
  }
  for (const name of ["invert", "flat", "overlay"]) press(name, light[name]);
  byId("brightness").value = light.brightness;
  byId("contrast").value = light.contrast;
}

function enhancements() {
  const quarter = active.quarter ? [`turned ${active.quarter * 90}`] : [];
  return [
    ...(light.brightness !== 1 ? [`brightness ${light.brightness}`] : []),
    ...(light.contrast !== 1 ? [`contrast ${light.contrast}`] : []),
    ...(light.flat ? ["even light"] : []), ...(light.invert ? ["inverted"] : []), ...quarter,
  ];
}

function adjust(name, by) {
  light[name] = Math.min(3, Math.max(0.3, Math.round((light[name] + by) * 10) / 10));
  relight();
}

async function repaint() {
  if (state.at < 0) return;
  const spot = state.spot;
  const number = state.photo.number;
  const { near, far } = await load(number, spot);
  if (state.photo.number !== number || state.spot !== spot) return;
  const photo = state.photo;
  crop.show(near, near ?? { width: 1, height: 1 }, [], { keep: true });
  whole.show(far, photo, photo.spots.find((one) => one.name === spot)?.outlines ?? [], { keep: true });
  relight();
}

const tools = {
  zoom_in: () => active.zoomBy(1),
  zoom_out: () => active.zoomBy(-1),
  fit: () => active.fit(),
  turn_left: () => active.turn(-1),
  turn_right: () => active.turn(1),
  invert: () => { light.invert = !light.invert; relight(); },
  overlay: () => { light.overlay = !light.overlay; relight(); },
  flat: () => { light.flat = !light.flat; relight(); return repaint(); },
  draw: () => (whole.drawing ? stopDrawing() : startDrawing()),
  plain: () => {
    const was = light.flat;
    Object.assign(light, { brightness: 1, contrast: 1, invert: false, flat: false });
    crop.reset();
    whole.reset();
    relight();
    return was ? repaint() : undefined;
  },
};

// ---- small things

function tell(text, kind = "") {
  byId("message").textContent = text;
  byId("message").className = kind;
}

// One thing after another: a key that is held down decides nothing twice.
async function guarded(action) {
  if (state.busy) return;
  state.busy = true;
  document.body.setAttribute("aria-busy", "true");
  try {
    await action();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const name = `error_${error.code}`;
    const text = say(name, { message: error.detail });
    tell(text === name ? say("error_other") : text, "bad");
  } finally {
    state.busy = false;
    document.body.removeAttribute("aria-busy");
  }
}

function recall(name) {
  try { return localStorage.getItem(name); } catch { return null; }
}

function keep(name, value) {
  try { localStorage.setItem(name, value); } catch { /* the browser keeps nothing: so be it */ }
}

function theme(name) {
  document.documentElement.dataset.theme = name;
  byId("theme-button").textContent = say(`theme_${name}`);
  keep("theme", name);
}

function nextTheme() {
  const all = ["auto", "light", "dark"];
  theme(all[(all.indexOf(document.documentElement.dataset.theme) + 1) % all.length]);
}

function nextMark() {
  const names = state.photo.spots.map((one) => one.name);
  return toSpot(names[(names.indexOf(state.spot) + 1) % names.length]);
}

function toField() {
  if (state.stage === "type" || state.stage === "edit") byId("typed").focus();
  else if (state.stage !== "") edit(assisted ? assisted.value : state.said?.typed ?? "");
}

function openMore() {
  byId("more").open = true;
  byId("reason").focus();
}

async function filterChoices() {
  const { choices } = await get("/api/choices");
  for (const [name, options] of Object.entries(choices)) {
    const select = byId("filters").querySelector(`[name="${name}"]`);
    const now = select.value;
    const any = say(name === "decision" ? "filter_wanted" : "filter_any");
    select.replaceChildren(make("option", { value: "" }, any), ...options.map(([shown, value, number]) =>
      make("option", { value }, `${name === "decision" ? say(`decision_${value}`) : shown} (${number})`)));
    select.value = now;
  }
}

// ---- keys

const commands = {
  u: () => decide("unreadable"), n: () => decide("no_serial"), x: () => decide("removed_or_altered"),
  w: () => decide("not_a_weapon"), a: () => decide("ask"), z: () => guarded(undo), r: openMore, e: toField, i: toField,
  m: nextMark, s: () => toSpot("serial"), "+": tools.zoom_in, "=": tools.zoom_in, "-": tools.zoom_out, "−": tools.zoom_out,
  0: tools.fit, "[": tools.turn_left, "]": tools.turn_right, f: tools.flat, v: tools.invert, o: tools.overlay,
  b: tools.draw, p: tools.plain, ",": () => adjust("brightness", -0.1), ".": () => adjust("brightness", 0.1),
  ";": () => adjust("contrast", -0.1), "'": () => adjust("contrast", 0.1), t: nextTheme, h: () => byId("keys").showModal(),
  "?": () => byId("keys").showModal(),
};
const always = new Set(["t", "h", "?", "z"]); // also where nothing is left to decide

function isTyping(element) {
  return element.matches("textarea, select, input:not([type=range]):not([type=checkbox])");
}

function pressed(event) {
  if (document.querySelector("dialog[open]") || event.ctrlKey || event.metaKey) return;
  const target = event.target;
  if (whole.drawing && !isTyping(target)) {
    if (event.key === "Escape") stopDrawing();
    else if (!whole.drawKey(event)) return;
    event.preventDefault();
    return;
  }
  if (event.altKey) return;
  if (event.key === "Escape" && target.closest("#answer")) {
    const first = target.matches(".cell") ? byId("choices").querySelector("button") : null;
    (first ?? byId("answer")).focus();
    return;
  }
  if ((event.key === "PageDown" || event.key === "PageUp") && !target.matches("textarea, select")) {
    event.preventDefault();
    guarded(() => go(event.key === "PageDown" ? 1 : -1));
    return;
  }
  if (isTyping(target) || state.busy) return;
  if (assisted?.key(event)) {
    event.preventDefault();
    return;
  }
  const onControl = target.matches("button, summary, input, a");
  const arrows = { ArrowLeft: [PAN, 0], ArrowRight: [-PAN, 0], ArrowUp: [0, PAN], ArrowDown: [0, -PAN] };
  if (event.key in arrows && !target.matches("input")) {
    event.preventDefault();
    active.pan(...arrows[event.key]);
    return;
  }
  if (event.key === "Enter" && !onControl && state.photo) {
    event.preventDefault();
    const first = byId("choices").querySelector("button");
    if (!byId("choices").hidden && first) first.click();
    else byId("typed").focus();
    return;
  }
  if (!byId("single-keys").checked) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const place = "123456789".indexOf(key);
  if (place >= 0 && key.length === 1 && !byId("choices").hidden && !byId("main").hidden) {
    const buttons = [...byId("choices").querySelectorAll("button")];
    const chosen = buttons.find((one) => one.querySelector("kbd").textContent === key) ?? (key === "1" ? buttons[0] : null);
    if (chosen) { event.preventDefault(); chosen.click(); }
    return;
  }
  if (key in commands && (state.photo || always.has(key))) {
    event.preventDefault();
    commands[key]();
  }
}

// ---- listening

document.addEventListener("keydown", pressed);
byId("type-form").addEventListener("submit", (event) => { event.preventDefault(); guarded(submit); });
for (const button of document.querySelectorAll("[data-answer]")) button.addEventListener("click", () => decide(button.dataset.answer));
for (const button of document.querySelectorAll("[data-tool]")) button.addEventListener("click", () => tools[button.dataset.tool]());
for (const name of ["brightness", "contrast"]) {
  byId(name).addEventListener("input", (event) => { light[name] = Number(event.target.value); relight(); });
}
for (const viewer of [crop, whole]) {
  for (const name of ["pointerdown", "focus", "wheel"]) viewer.element.addEventListener(name, () => { active = viewer; }, { passive: true });
}
byId("previous").addEventListener("click", () => guarded(() => go(-1)));
byId("next").addEventListener("click", () => guarded(() => go(1)));
byId("undo").addEventListener("click", () => guarded(undo));
byId("empty-undo").addEventListener("click", () => guarded(undo));
byId("theme-button").addEventListener("click", nextTheme);
byId("keys-button").addEventListener("click", () => byId("keys").showModal());
byId("single-keys").addEventListener("change", (event) => keep("single-keys", event.target.checked ? "on" : "off"));
byId("filter-button").addEventListener("click", async () => {
  const hidden = !byId("filters").hidden;
  byId("filters").hidden = hidden;
  byId("filter-button").setAttribute("aria-expanded", String(!hidden));
  if (!hidden) await guarded(filterChoices);
});
byId("filters").addEventListener("change", () => guarded(() => refill()));
byId("filters").addEventListener("submit", (event) => event.preventDefault());
byId("finish-button").addEventListener("click", async () => {
  if (!window.confirm(say("finish_sure"))) return;
  await guarded(async () => {
    await post("/api/finish");
    document.body.replaceChildren(make("main", { class: "empty" }, make("h1", {}, say("finished"))));
  });
});
byId("who").addEventListener("cancel", (event) => event.preventDefault());
byId("who-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    const said = await post("/api/person", { name: byId("who-name").value, role: byId("who-role").value, badge: byId("who-badge").value });
    session.person = said.person;
    byId("who").close();
    await guarded(begin);
  } catch (error) {
    byId("who-problem").textContent = say(`error_${error.code}`);
    byId("who-problem").hidden = false;
  }
});

guarded(start);
