// The page: one photo after another, one answer each.

import { Refused, get, picture, post } from "./api.js";
import { Assisted, comparison } from "./reading.js";
import { NEAR, Viewer } from "./viewer.js";
import { count, learn, make, say, visible } from "./words.js";

const AHEAD = 2; // photos that are loaded before they are asked for
const KEPT = 8; // photos whose pictures stay in memory
const NOTHING = { value: null, decision: null, characters: [], others: [], warnings: [], opinions: [], pairs: [], same: false };
const PAN = 60; // px of an arrow key
const WAIT_MS = 30;
const STEP = 256; // px; sides of pictures are multiples of it, so that a window a little larger asks for the same

const byId = (name) => document.getElementById(name);
const light = { brightness: 1, contrast: 1, invert: false, flat: false, overlay: true };
const loaded = new Map(); // what was asked of the server, by photo and light
const state = {
  order: [], at: -1, done: new Set(), photo: null, spot: null, page: 1, stage: "", said: null, busy: false,
  entry: null, // the pictures that are asked for
  beside: null, // another photo of the item that is looked at instead of this one
  looked: new Set(), // such photos, since this one was opened
};
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
  else await begin(session.queue);
}

async function begin(queue) {
  const { name, role, badge } = session.person;
  byId("person").textContent = visible([name, role, badge].filter(Boolean).join(", "));
  byId("person").hidden = false;
  if (queue.first !== null) load(queue.first.number, "serial", null, queue.first);
  await take(queue);
}

async function refill() {
  const form = new FormData(byId("filters"));
  const query = Object.fromEntries([...form].filter(([, value]) => value !== ""));
  await take(await get("/api/queue", query));
}

async function take(queue) {
  state.order = queue.order;
  state.done.clear();
  tellLeft(queue.left);
  await show(state.order.length ? 0 : -1);
}

function tellLeft(number) {
  byId("left").textContent = number ? count("left", number) : say("left_none");
}

// ---- loading

// What is known of a photo, and its pictures: first the small ones of the case, which are there at once, so that
// something can be shown however long the others take.
function load(number, spot = "serial", page = null, known = null) {
  const key = `${number} ${spot} ${page ?? ""} ${light.flat}`;
  if (!loaded.has(key)) {
    const entry = { best: null };
    entry.photo = known === null ? get(`/api/photo/${number}`) : Promise.resolve(known);
    entry.said = session.mode === "assist" && !spot.startsWith("box ") ? get(`/api/photo/${number}/reading`, { spot }) : null;
    entry.small = entry.photo.then((photo) => pictures(photo, spot, page, true));
    entry.full = entry.small.then(() => entry.photo).then((photo) => pictures(photo, spot, page))
      .then((best) => { entry.best = best; return best; });
    for (const promise of [entry.photo, entry.said, entry.small, entry.full]) promise?.catch(() => loaded.delete(key));
    loaded.set(key, entry);
    forget();
  }
  return loaded.get(key);
}

// The crop and the whole photo; kept: from the pictures of the case, without a look at the original.
async function pictures(photo, spot, page, kept = false) {
  const target = photo.spots.find((one) => one.name === spot);
  const query = { ...(light.flat ? { flat: 1 } : {}), ...(kept ? { kept: 1 } : {}) };
  const [near, far] = await Promise.all([
    target && !target.crop ? null : picture(`/api/photo/${photo.number}/crop`, { spot, ...query }),
    picture(`/api/photo/${photo.number}/whole`, { page: page ?? target?.page ?? photo.page, side: side(), ...query }),
  ]);
  return { near, far };
}

// As many pixels as the window can show before somebody zooms in.
function side() {
  const { clientWidth, clientHeight } = byId("whole");
  const wanted = Math.max(clientWidth, clientHeight, 1) * NEAR * (window.devicePixelRatio || 1);
  return Math.ceil(wanted / STEP) * STEP;
}

function forget() {
  for (const key of [...loaded.keys()].slice(0, Math.max(0, loaded.size - KEPT))) loaded.delete(key);
}

// ---- showing

async function show(at, spot = "serial") {
  state.at = at;
  byId("main").hidden = at < 0;
  byId("empty").hidden = at >= 0;
  byId("place").textContent = at < 0 ? "" : say("of_total", { place: at + 1, total: state.order.length });
  if (at < 0) {
    state.photo = state.entry = null;
    byId("empty-undo").focus();
    return;
  }
  const number = state.order[at];
  const entry = load(number, spot);
  const [photo, said] = await Promise.all([entry.photo, entry.said]);
  if (state.order[state.at] !== number) return; // somebody went on meanwhile
  const same = state.photo?.number === number;
  stopDrawing();
  state.photo = photo;
  if (!same) state.looked.clear();
  state.page = photo.spots.find((one) => one.name === spot)?.page ?? photo.page;
  await paint(entry, spot, same);
  paintPhoto(photo);
  await choose(spot, said);
  for (let ahead = 1; ahead <= AHEAD; ahead += 1) {
    const next = nextOpen(ahead);
    if (next !== null) load(state.order[next]);
  }
}

// What is there now: the original, or until it is there the small pictures of the case.
async function paint(entry, spot, keep) {
  state.entry = entry;
  state.beside = null;
  const now = () => state.entry === entry && state.beside === null;
  if (entry.best === null) {
    const first = await entry.small;
    if (!now()) return;
    const waits = entry.best === null && (first.near?.image || first.far.image);
    if (waits) {
      paintPictures(spot, first, keep, true);
      entry.full.then((best) => { if (now()) paintPictures(spot, best, true); }, () => { if (now()) paintSource(first.far, false); });
      return;
    }
  }
  const best = await entry.full;
  if (now()) paintPictures(spot, best, keep);
}

function paintPictures(spot, { near, far }, keep, waits = false) {
  const photo = state.photo;
  const target = photo.spots.find((one) => one.name === spot);
  const outlines = target && target.page === state.page ? target.outlines : [];
  const shown = near?.image ? near : null;
  crop.show(shown, shown ?? { width: 1, height: 1 }, [], { keep });
  byId("crop-none").hidden = shown !== null;
  const size = state.page === 1 && photo.width && photo.height ? photo : far.photo;
  whole.show(far.image ? far : null, size, outlines, { keep });
  if (!keep) active = shown ? crop : whole;
  paintSource(far.image || !shown ? far : near, waits);
  paintBeside();
  relight();
}

// Which picture it is: what the decision will say, too.
function paintSource({ kind, why }, waits) {
  state.kind = kind;
  const reason = waits ? say("why_opening") : why ? say(`why_${why}`) : "";
  byId("source").textContent = say(`picture_${kind}`) + (reason ? `: ${reason}` : "");
  byId("source").className = `source ${waits ? "waits" : kind}`;
}

// All pixels of the whole photo, once somebody zooms in.
async function sharpen() {
  const { photo, page, beside, entry } = state;
  const now = whole.size;
  if (now.full || now.kind !== "original" || Math.max(now.width, now.height) >= Math.max(now.photo.width, now.photo.height)) return;
  now.full = true;
  const query = { page: beside ? 1 : page, side: Math.max(now.photo.width, now.photo.height), ...(light.flat ? { flat: 1 } : {}) };
  const full = await picture(`/api/photo/${(beside ?? photo).number}/whole`, query).catch(() => null);
  if (!full?.image || state.entry !== entry || state.beside !== beside || state.page !== page || whole.size !== now) return;
  whole.show({ ...full, full: true }, whole.photo, whole.outlines, { keep: true });
}

function paintPhoto(photo) {
  byId("problem").textContent = photo.error ?? "";
  byId("problem").hidden = photo.error === null;
  byId("fact-path").textContent = photo.path;
  byId("fact-item").textContent = photo.items.join(", ") || "-";
  byId("fact-hash").textContent = photo.sha256 ?? "-";
  byId("page-row").hidden = photo.pages < 2;
  byId("page").replaceChildren(...Array.from({ length: photo.pages }, (_, index) =>
    make("option", { value: index + 1 }, say("page_of", { page: index + 1, pages: photo.pages }))));
  byId("page").value = String(state.page);
  paintMatches(byId("matches"), photo.matches);
  const others = photo.beside.map(besideButton);
  byId("beside-section").hidden = others.length === 0;
  byId("beside-title").textContent = count("beside", others.length, { item: photo.items.join(", ") });
  byId("beside").replaceChildren(...others);
  const marks = photo.spots.filter((one) => one.name !== "serial");
  byId("marks").replaceChildren(...(marks.length ? marks.map(markButton) : [make("li", { class: "soft" }, say("marks_none"))]));
}

function means(name) {
  return name === "serial" ? say("what_serial") : name.replaceAll("_", " ");
}

// Another photo of the item: press to see it in place of this one.
function besideButton(other) {
  const image = make("img", { src: `/api/photo/${other.number}/thumbnail`, loading: "lazy", alt: "", width: 96, height: 72,
    onerror: (event) => event.target.remove() });
  const name = other.path.split("/").pop();
  const done = other.state && other.state !== "open" ? ` ✓ ${say(`status_${other.state}`)}` : "";
  const button = make("button", { type: "button", "aria-pressed": "false", title: other.path, onclick: () => lookAt(other) },
    image, make("bdi", {}, name + done));
  button.dataset.number = other.number;
  return make("li", {}, button);
}

async function lookAt(other) {
  if (state.beside?.number === other.number) return lookBack();
  await telling(async () => {
    const { photo, entry } = state;
    const found = await picture(`/api/photo/${other.number}/whole`, { page: 1, side: side(), ...(light.flat ? { flat: 1 } : {}) });
    if (state.photo !== photo || state.entry !== entry) return;
    stopDrawing();
    state.beside = other;
    state.looked.add(other.number);
    whole.show(found.image ? found : null, found.photo, []);
    active = whole;
    paintBeside(found);
    relight();
  });
}

function lookBack() {
  return telling(async () => {
    await paint(state.entry, state.spot, false);
    byId("beside").querySelector("button")?.focus({ preventScroll: true });
  });
}

function paintBeside(found = null) {
  const other = state.beside;
  byId("look-bar").hidden = other === null;
  byId("source").hidden = other !== null;
  byId("look-name").textContent = other === null ? ""
    : say("looking_at", { path: other.path, picture: say(`picture_${found.kind}`) });
  for (const button of byId("beside").querySelectorAll("button")) {
    button.setAttribute("aria-pressed", String(other !== null && button.dataset.number === String(other.number)));
  }
}

// Decide on the photo that is looked at; it comes next in the queue if it was not in it.
async function toBeside() {
  const { number } = state.beside;
  if (!state.order.includes(number)) state.order.splice(state.at + 1, 0, number);
  await guarded(() => show(state.order.indexOf(number)));
}

async function toPage(page) {
  await telling(async () => {
    const { photo, spot } = state;
    stopDrawing();
    state.page = page;
    await paint(load(photo.number, spot, page), spot, false);
  });
}

// What registers say; the page has it only after the decision.
function paintMatches(place, matches) {
  place.hidden = matches !== null && matches.length === 0;
  if (place.hidden) return;
  const told = matches === null ? [make("p", { class: "soft" }, say("matches_later"))] : matches.flatMap((one) => [
    make("h3", {}, make("bdi", {}, one.register), one.serial ? say("matches_for") : "", make("bdi", {}, one.serial)),
    make("ul", {}, ...one.entries.map(([serial, probability, more]) =>
      make("li", {}, make("bdi", { class: "value" }, serial), ` ${probability} `, make("bdi", { class: "soft" }, more)))),
    ...[one.absent, one.told].filter(Boolean).map((text) => make("p", { class: "soft" }, text)),
  ]);
  place.replaceChildren(make("h2", { class: "small" }, say("matches")), ...told);
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
  const draft = drafts.of(spot);
  byId("typed").value = draft.typed ?? "";
  byId("reason").value = draft.reason ?? "";
  byId("note").value = draft.note ?? "";
  byId("more").open = Boolean(draft.reason || draft.note);
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
    if (draft.typed) edit(draft.typed);
    else if (said.value === null && said.opinions.length === 0) edit("");
    else assist();
  } else if (draft.first) {
    await compareAgain(draft);
  } else {
    stage("type");
  }
}

// The program's reading was seen already: what was typed before that counts, whatever is typed now.
async function compareAgain(draft) {
  const { photo, spot } = state;
  const said = await post("/api/typed", { number: photo.number, spot, text: draft.first });
  if (state.photo !== photo || state.spot !== spot) return;
  state.said = said;
  if (draft.typed && draft.typed !== draft.first) edit(draft.typed);
  else compare();
}

// What was typed and is not decided yet, in this tab only: a killed server or a page that is loaded again costs
// nothing. A box has no draft, because the server knows it as long as it runs.
const drafts = {
  key(spot) {
    const { sha256, path } = state.photo;
    return `draft ${session.case_id} ${session.role} ${session.person.name} ${sha256 ?? path} ${spot}`;
  },
  of(spot) {
    try { return JSON.parse(sessionStorage.getItem(this.key(spot))) ?? {}; } catch { return {}; }
  },
  keep(more = {}) {
    if (state.photo === null || state.spot.startsWith("box ")) return;
    const typed = byId("typed").value;
    const draft = { ...this.of(state.spot), typed, reason: byId("reason").value, note: byId("note").value, ...more };
    try { sessionStorage.setItem(this.key(state.spot), JSON.stringify(draft)); } catch { /* the browser keeps nothing: so be it */ }
  },
  drop(spot) {
    try { sessionStorage.removeItem(this.key(spot)); } catch { /* it kept nothing */ }
  },
};

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
  drafts.keep({ first: drafts.of(spot).first ?? text });
  if (said.same && !said.opinions.length) return send("read", text, "done_same");
  return compare();
}

const decide = (answer, value = null) => guarded(() => send(answer, value));

async function send(answer, value = null, text = null) {
  const { photo, spot } = state;
  const said = await post("/api/decision", {
    number: photo.number, spot, answer, value, reason: byId("reason").value || null, note: byId("note").value || null,
    enhancements: enhancements(), picture: state.kind,
  });
  drafts.drop(spot);
  tellLeft(said.left);
  const told = text ?? (answer === "read" ? "done_read" : "done_other");
  tell(say(told, { value: visible(value ?? ""), answer: say(`answer_${answer}`), entry: said.sequence }), "good");
  for (const one of [photo, ...photo.beside]) { // what is known of them is known no longer
    for (const key of [...loaded.keys()].filter((name) => name.startsWith(`${one.number} `))) loaded.delete(key);
  }
  const ofSerial = spot === "serial" || (spot.startsWith("box ") && byId("draw-means").value === "serial");
  const wasOpen = !photo.spots[0].done;
  if (ofSerial) state.done.add(photo.number);
  paintLast(photo, ofSerial ? said.matches : []);
  if (ofSerial || !wasOpen) await go(1, true);
  else await show(state.at);
}

// What registers say of the photo that was just decided, when the next one is there.
function paintLast(photo, matches) {
  byId("last").hidden = matches === null || matches.length === 0;
  byId("last-name").textContent = photo.path;
  if (!byId("last").hidden) paintMatches(byId("last-matches"), matches);
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
  byId("last").hidden = true;
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
    const said = await post("/api/box", { number: state.photo.number, page: state.page, corners: box, means: byId("draw-means").value });
    const near = await picture(`/api/photo/${state.photo.number}/crop`, { spot: said.spot, ...(light.flat ? { flat: 1 } : {}) });
    whole.drawing = false;
    byId("whole").classList.remove("drawing");
    press("draw", false);
    byId("draw-bar").hidden = true;
    crop.show(near.image ? near : null, near.image ? near : { width: 1, height: 1 }, []);
    byId("crop-none").hidden = near.image !== null;
    relight();
    await choose(said.spot);
  });
}

async function startDrawing() {
  if (state.beside) await lookBack();
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
    ...(state.looked.size ? [`other photos of the item seen: ${state.looked.size}`] : []),
  ];
}

function adjust(name, by) {
  light[name] = Math.min(3, Math.max(0.3, Math.round((light[name] + by) * 10) / 10));
  relight();
}

function repaint() {
  if (state.at < 0) return undefined;
  if (state.beside) {
    const other = state.beside;
    state.beside = null;
    return lookAt(other);
  }
  const { photo, spot, page } = state;
  const own = photo.spots.find((one) => one.name === spot)?.page ?? photo.page;
  const asked = page === own && !spot.startsWith("box ") ? null : page;
  return telling(() => paint(load(photo.number, spot, asked), spot, true));
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

// What goes wrong is told.
async function telling(action) {
  try {
    await action();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const name = `error_${error.code}`;
    const text = say(name, { message: error.detail });
    tell(text === name ? say("error_other") : text, "bad");
  }
}

// One thing after another: a key that is held down decides nothing twice. Only what moves on or decides; an answer
// that is given while a picture is still being loaded must not be lost.
async function guarded(action) {
  if (state.busy) return;
  state.busy = true;
  document.body.setAttribute("aria-busy", "true");
  try {
    await telling(action);
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

// The warnings are counted while somebody looks at the list already.
async function filterChoices() {
  const { choices, complete } = await get("/api/choices");
  byId("counting").hidden = complete;
  for (const [name, options] of Object.entries(choices)) {
    const select = byId("filters").querySelector(`[name="${name}"]`);
    const now = select.value;
    const any = say(name === "decision" ? "filter_wanted" : "filter_any");
    select.replaceChildren(make("option", { value: "" }, any), ...options.map(([shown, value, number]) =>
      make("option", { value }, `${name === "decision" ? say(`decision_${value}`) : shown} (${number})`)));
    select.value = now;
  }
  if (!complete && !byId("filters").hidden) setTimeout(() => filterChoices().catch(() => {}), 400);
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
byId("page").addEventListener("change", (event) => toPage(Number(event.target.value)));
byId("look-back").addEventListener("click", lookBack);
byId("look-decide").addEventListener("click", toBeside);
for (const name of ["typed", "reason", "note"]) byId(name).addEventListener("input", () => drafts.keep());
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
byId("filters").addEventListener("change", async () => {
  while (state.busy) await new Promise((go) => setTimeout(go, WAIT_MS)); // no choice is lost
  await guarded(refill);
});
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
    await guarded(() => begin(said.queue));
  } catch (error) {
    byId("who-problem").textContent = say(`error_${error.code}`);
    byId("who-problem").hidden = false;
  }
});

guarded(start);
