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

export const readOrder = () => ask("/order", { method: "GET" });

/** Tries to pay; answers like `readOrder`. Any other error means that nobody knows. */
export function pay(means) {
  sessionStorage.setItem(MINE, "yes");
  return ask("/payment", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ ...means, browser: browserInfo() }),
  });
}

/** Whether this tab has tried to pay: an order may be open to many payers. */
export const isMine = () => sessionStorage.getItem(MINE) !== null;

async function ask(path, options) {
  const answer = await fetch(HERE + path, { ...options, credentials: "omit", cache: "no-store" });
  if (answer.status === 404) throw new Missing();
  if (answer.ok) return answer.json();
  const code = (await answer.json().catch(() => null))?.result?.code;
  if (answer.status < 500 && code) throw new Refused(code);
  throw new Error(`HTTP ${answer.status}`);
}
