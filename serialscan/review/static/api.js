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

// The address of a picture in this page's memory; null if there is none.
export async function picture(path, query) {
  const response = await fetch(`${path}?${new URLSearchParams(query)}`, { credentials: "same-origin" });
  if (!response.ok) return null;
  const address = URL.createObjectURL(await response.blob());
  const image = new Image();
  image.src = address;
  await image.decode().catch(() => {});
  return { address, width: image.naturalWidth, height: image.naturalHeight };
}
