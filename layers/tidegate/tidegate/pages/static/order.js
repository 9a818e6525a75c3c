// The order behind this page's link, asked for and paid relative to the page's own address, so that
// it works behind any prefix.
import { browserInfo } from "./dom.js";

const HERE = location.pathname.replace(/\/$/, "");
const MINE = `tidegate.paying.${HERE}`;

/** The link leads to no order. */
export class Missing extends Error {}

/** The service answered that it did not take the request; `code` says why. */
export class Refused extends Error {
  constructor(code) {
    super(code);
    this.code = code;
  }
}

/** An order may be open to many payers: it is asked for with the try that this tab made. */
export function readOrder() {
  const mine = sessionStorage.getItem(MINE);
  return ask(mine ? `/order?tryID=${mine}` : "/order", { method: "GET" });
}

/** Tries to pay; answers like `readOrder`. Any other error means that nobody knows. */
export function pay(means) {
  const random = crypto.getRandomValues(new Uint8Array(16));
  const tryID = Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("");
  sessionStorage.setItem(MINE, tryID);
  return ask("/payment", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ ...means, tryID, browser: browserInfo() }),
  });
}

async function ask(path, options) {
  const answer = await fetch(HERE + path, { ...options, credentials: "omit", cache: "no-store" });
  if (answer.status === 404) throw new Missing();
  if (answer.ok) return answer.json();
  const code = (await answer.json().catch(() => null))?.result?.code;
  if (answer.status < 500 && code) throw new Refused(code);
  throw new Error(`HTTP ${answer.status}`);
}
