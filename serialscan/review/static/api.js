// Talks to the server that serves this page, and to nothing else.

export class Refused extends Error {
  constructor(code, message) {
    super(code);
    this.code = code;
    this.detail = message || "";
  }
}

async function answer(request) {
  let response;
  try {
    response = await request;
  } catch {
    throw new Refused("connection");
  }
  const said = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refused(said.error || "other", said.message);
  return said;
}

export function get(path, query = {}) {
  return answer(fetch(`${path}?${new URLSearchParams(query)}`, { credentials: "same-origin" }));
}

export function post(path, body = {}) {
  return answer(fetch(path, {
    method: "POST",
    credentials: "same-origin",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  }));
}

// A picture, decoded and ready to be put into the page, and what it is; its image is null if there is none.
export async function picture(path, query) {
  let response, bytes;
  try {
    response = await fetch(`${path}?${new URLSearchParams(query)}`, { credentials: "same-origin" });
    bytes = await response.blob();
  } catch {
    throw new Refused("connection");
  }
  if (!response.ok) throw new Refused("other");
  const [width, height] = response.headers.get("X-Size").split(" ").map(Number);
  const about = { kind: response.headers.get("X-Shown"), why: response.headers.get("X-Why"), photo: { width, height } };
  if (response.status === 204) return { ...about, image: null };
  const image = new Image();
  image.alt = "";
  image.draggable = false;
  image.src = URL.createObjectURL(bytes);
  await image.decode().catch(() => {});
  URL.revokeObjectURL(image.src); // the image keeps its own bytes, as long as somebody keeps the image
  return { ...about, image, width: image.naturalWidth, height: image.naturalHeight };
}
