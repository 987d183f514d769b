// The words of the page, and text of others as it may be shown.

let words = {};

export function learn(texts) {
  words = texts;
}

export function say(name, values = {}) {
  const text = words[name] ?? name;
  return text.replace(/\{(\w+)\}/g, (all, key) => (key in values ? values[key] : all));
}

// "1 left" or "2 left".
export function count(name, number, more = {}) {
  return say(number === 1 ? `${name}_one` : name, { count: number, ...more });
}

// Control characters and marks that turn the direction of writing are shown, not obeyed.
export function visible(text) {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g, (char) =>
    `\\u${char.codePointAt(0).toString(16).padStart(4, "0")}`);
}

export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "class") element.className = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}
