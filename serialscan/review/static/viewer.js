// A picture that can be zoomed, moved and turned, with outlines over it that can be hidden.

const SVG = "http://www.w3.org/2000/svg";
const MOST = 40; // times the size that fits
const STEP = 1.25;
export const NEAR = 1.5; // times the size that fits
const LEAST_BOX = 3; // px of the photo
const GAP = 0.12; // of a text's height, between it and its outline

// An outline a little further out, so that it does not touch the characters. It is the upper edge of a text,
// then its lower edge back.
function around(outline) {
  const last = outline.length - 1;
  const half = outline.length / 2;
  if (outline.length < 4 || outline.length % 2) return outline;
  const from = (one, other, by) => {
    const length = Math.hypot(other[0] - one[0], other[1] - one[1]) || 1;
    return [((one[0] - other[0]) / length) * by, ((one[1] - other[1]) / length) * by];
  };
  const away = GAP * Math.hypot(outline[0][0] - outline[last][0], outline[0][1] - outline[last][1]);
  return outline.map((point, index) => {
    const across = from(point, outline[last - index], away);
    const inner = { 0: 1, [half - 1]: half - 2, [half]: half + 1, [last]: last - 1 }[index];
    const along = inner === undefined ? [0, 0] : from(point, outline[inner], away);
    return [point[0] + across[0] + along[0], point[1] + across[1] + along[1]];
  });
}

export class Viewer {
  constructor(element, onBox = () => {}, onNear = () => {}) {
    this.element = element;
    this.onBox = onBox;
    this.onNear = onNear; // somebody looks so closely that more pixels would help
    this.image = new Image();
    this.image.alt = "";
    this.filter = "";
    this.overlay = document.createElementNS(SVG, "svg");
    this.overlay.setAttribute("preserveAspectRatio", "none");
    this.overlay.setAttribute("aria-hidden", "true");
    this.stage = document.createElement("div");
    this.stage.className = "stage";
    this.stage.append(this.image, this.overlay);
    element.append(this.stage);
    this.outlines = [];
    this.box = null;
    this.drawing = false;
    this.pointers = new Map();
    this.quarter = 0;
    this.size = null;
    this.reset();
    element.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    element.addEventListener("pointerdown", (event) => this.#down(event));
    element.addEventListener("pointermove", (event) => this.#move(event));
    for (const name of ["pointerup", "pointercancel"]) element.addEventListener(name, (event) => this.#up(event));
    element.addEventListener("dblclick", () => this.fit());
    new ResizeObserver(() => this.#draw()).observe(element);
  }

  // shown: {image, width, height} or null; photo: width and height that the outlines are in.
  show(shown, photo, outlines, { keep = false } = {}) {
    this.size = shown;
    this.photo = photo;
    this.outlines = outlines;
    this.element.hidden = shown === null;
    if (shown === null) return;
    this.image.replaceWith(shown.image); // it is decoded already
    this.image = shown.image;
    this.image.width = shown.width;
    this.image.height = shown.height;
    this.image.style.filter = this.filter;
    this.overlay.setAttribute("width", shown.width);
    this.overlay.setAttribute("height", shown.height);
    this.overlay.setAttribute("viewBox", `0 0 ${photo.width} ${photo.height}`);
    if (!keep) this.reset();
    this.paint();
    this.#draw();
  }

  reset() {
    this.quarter = 0;
    this.fit();
  }

  fit() {
    this.zoom = 1;
    this.x = this.y = 0;
    this.#draw();
  }

  zoomBy(steps, at = null) {
    const before = this.zoom;
    this.zoom = Math.min(MOST, Math.max(0.5, this.zoom * STEP ** steps));
    const by = this.zoom / before;
    const [x, y] = at ?? [0, 0];
    this.x = x - (x - this.x) * by;
    this.y = y - (y - this.y) * by;
    this.#draw();
    if (this.size && this.zoom > NEAR) this.onNear();
  }

  pan(x, y) {
    this.x += x;
    this.y += y;
    this.#draw();
  }

  turn(quarters) {
    this.quarter = (this.quarter + quarters + 4) % 4;
    this.fit();
  }

  light({ brightness, contrast, invert }) {
    const steps = [
      ...(brightness !== 1 ? [`brightness(${brightness})`] : []), ...(contrast !== 1 ? [`contrast(${contrast})`] : []),
      ...(invert ? ["invert(1)"] : []),
    ];
    this.filter = this.image.style.filter = steps.join(" "); // none is painted faster than one that changes nothing
  }

  showOverlay(on) {
    this.overlay.style.display = on ? "" : "none";
  }

  paint() {
    this.overlay.replaceChildren();
    for (const outline of this.outlines.map(around)) {
      this.#polygon(outline, "outline under");
      this.#polygon(outline, "outline");
    }
    if (this.box) {
      const [left, top, right, bottom] = this.box;
      const corners = [[left, top], [right, top], [right, bottom], [left, bottom]];
      this.#polygon(corners, "outline under");
      this.#polygon(corners, "outline drawn");
    }
  }

  // Drawing: by dragging, or with the keys.
  draw(on) {
    this.drawing = on && this.size !== null;
    this.element.classList.toggle("drawing", this.drawing);
    if (this.drawing) {
      const { width, height } = this.photo;
      this.box = [0.35 * width, 0.42 * height, 0.65 * width, 0.58 * height];
      this.element.focus();
    } else {
      this.box = null;
    }
    this.paint();
  }

  drawKey(event) {
    const step = Math.max(this.photo.width, this.photo.height) / (event.altKey ? 400 : 80);
    const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (event.key === "Enter") {
      this.#take();
    } else if (event.key in ways) {
      const [dx, dy] = ways[event.key].map((way) => way * step);
      const [left, top, right, bottom] = this.box;
      this.box = event.shiftKey
        ? [left, top, Math.max(left + LEAST_BOX, right + dx), Math.max(top + LEAST_BOX, bottom + dy)]
        : [left + dx, top + dy, right + dx, bottom + dy];
      this.#clip();
      this.paint();
    } else {
      return false;
    }
    return true;
  }

  #clip() {
    const { width, height } = this.photo;
    const [left, top, right, bottom] = this.box;
    this.box = [Math.max(0, left), Math.max(0, top), Math.min(width, right), Math.min(height, bottom)];
  }

  #take() {
    const [left, top, right, bottom] = this.box;
    if (right - left >= LEAST_BOX && bottom - top >= LEAST_BOX) this.onBox(this.box);
  }

  #polygon(points, name) {
    const polygon = document.createElementNS(SVG, "polygon");
    polygon.setAttribute("points", points.map((point) => point.join(",")).join(" "));
    polygon.setAttribute("class", name);
    this.overlay.append(polygon);
  }

  #draw() {
    if (!this.size) return;
    const { clientWidth, clientHeight } = this.element;
    const across = this.quarter % 2 === 1;
    const [wide, tall] = across ? [this.size.height, this.size.width] : [this.size.width, this.size.height];
    const scale = Math.min(clientWidth / wide, clientHeight / tall, 4) * this.zoom;
    this.stage.style.transform =
      `translate(${this.x}px, ${this.y}px) rotate(${this.quarter * 90}deg) scale(${scale}) ` +
      `translate(${-this.size.width / 2}px, ${-this.size.height / 2}px)`;
  }

  // Where a pointer is, from the middle of the viewer.
  #at(event) {
    const box = this.element.getBoundingClientRect();
    return [event.clientX - box.left - box.width / 2, event.clientY - box.top - box.height / 2];
  }

  // The same in pixels of the photo.
  #inPhoto(event) {
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(this.overlay.getScreenCTM().inverse());
    return [
      Math.min(this.photo.width, Math.max(0, point.x)),
      Math.min(this.photo.height, Math.max(0, point.y)),
    ];
  }

  #wheel(event) {
    event.preventDefault();
    this.zoomBy(-Math.sign(event.deltaY), this.#at(event));
  }

  #down(event) {
    if (event.button !== 0) return;
    this.element.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, this.#at(event));
    if (this.drawing) {
      this.start = this.#inPhoto(event);
      this.box = [...this.start, ...this.start];
    } else {
      this.element.classList.add("dragging");
    }
  }

  #move(event) {
    const before = this.pointers.get(event.pointerId);
    if (!before) return;
    const now = this.#at(event);
    if (this.drawing) {
      const [x, y] = this.#inPhoto(event);
      const [u, v] = this.start;
      this.box = [Math.min(x, u), Math.min(y, v), Math.max(x, u), Math.max(y, v)];
      this.paint();
    } else if (this.pointers.size === 2) {
      const [other] = [...this.pointers].filter(([name]) => name !== event.pointerId).map(([, at]) => at);
      const apart = (one) => Math.max(1, Math.hypot(one[0] - other[0], one[1] - other[1]));
      const middle = [(now[0] + other[0]) / 2, (now[1] + other[1]) / 2];
      this.zoomBy(Math.log(apart(now) / apart(before)) / Math.log(STEP), middle);
    } else {
      this.pan(now[0] - before[0], now[1] - before[1]);
    }
    this.pointers.set(event.pointerId, now);
  }

  #up(event) {
    if (!this.pointers.delete(event.pointerId)) return;
    this.element.classList.remove("dragging");
    if (this.drawing && event.type === "pointerup") this.#take();
  }
}
