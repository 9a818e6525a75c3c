// The page behind a link: it shows the order, takes one try to pay it after the other, and leads
// back to the merchant.
import { at, put } from "./dom.js";
import { acceptCards, blame, forgetCard, forgetCvc, watchCard, wordCard } from "./form.js";
import { Missing, pay, readOrder, Refused } from "./order.js";
import {
  brandName,
  chooseLanguage,
  currentLanguage,
  LANGUAGES,
  moment,
  money,
  say,
  whyNot,
} from "./texts.js";

const POLL_FIRST_MS = 2000;
const POLL_LAST_MS = 5000;
const POLL_GROWTH = 1.25;
const RETURN_MS = 3000;
const LONGEST_TIMER_MS = 2 ** 31 - 1;
const PAID = ["Paid", "Refunding", "Partial Refunded"];
const OPEN = ["Pending", "Active"];
const WIDE = matchMedia("(min-width: 48rem)");
const VIEWS = ["status", "qr", "paid", "over", "choose"];

let found = null; // the order as the service last told it
let draw = () => put("status-title", say("loading")); // words of the view, in any language
let view = "status";
let chosen = null; // "card" or a wallet's brand
let otherWay = false; // the payer leaves a waiting try for another
let about = null; // the module that asks for the payer's details, where the order wants some
let lost = false; // a try's answer never came
let timers = [];
let pause = POLL_FIRST_MS;

// --- Views ---------------------------------------------------------------------------------------

function show(name, words) {
  const arriving = at("main").hasAttribute("aria-busy");
  const changed = view !== name;
  view = name;
  for (const one of VIEWS) at(one).hidden = one !== name;
  at("main").removeAttribute("aria-busy");
  draw = words;
  drawAll();
  // A reader is told of the new view; on arrival the page is read from its top as usual.
  if (changed && !arriving) at(`${name}-title`).focus();
}

function drawAll() {
  document.documentElement.lang = currentLanguage() === "zh" ? "zh-Hans" : "en";
  for (const name of LANGUAGES) {
    at(`lang-${name}`).setAttribute("aria-pressed", String(name === currentLanguage()));
  }
  if (found) drawOrder(found.order);
  draw();
}

function drawOrder({ store, amount, merchantOrderID, expiresAt }) {
  const title = say("payTo", { store: store.name });
  document.title = title;
  put("monogram", [...store.name.trim()][0] ?? "");
  put("store", store.name);
  put("city", store.city ?? "");
  put("due", say(view === "paid" ? "was" : "due"));
  put("amount", money(amount));
  put("order-label", say("order"));
  put("order", merchantOrderID);
  put("until-label", say("until"));
  put("until", moment(expiresAt));
  at("until-row").hidden = view !== "choose";
  at("summary").hidden = false;
}

function showStatus(key, { spinning = true, url = null, retry = false, more = null } = {}) {
  show("status", () => {
    put("status-title", say(key));
    put("status-more", more ? say(more) : "");
    at("spinner").hidden = !spinning;
    at("go-on").hidden = !url;
    at("other").hidden = !url;
    at("retry").hidden = !retry;
    put("go-on", say("goOn"));
    put("other", say("other"));
    put("retry", say("retry"));
    at("go-on").onclick = () => location.assign(url);
  });
}

function showOver(key, more) {
  forgetCard();
  show("over", () => {
    put("over-title", say(key));
    put("over-more", more ? say(more) : "");
  });
}

function showPaid(returnTo) {
  forgetCard();
  show("paid", () => {
    put("paid-title", say("paid"));
    put("paid-more", say("paidMore", { store: found.order.store.name }));
    put("paid-return", returnTo ? say("returning") : "");
    put("back", say("back"));
    at("back").hidden = !returnTo;
  });
  if (!returnTo) return;
  at("back").href = returnTo;
  later(() => location.assign(returnTo), RETURN_MS);
}

function showQr({ brand, action }) {
  at("qr-image").src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(action.svg)}`;
  const left = action.expiresAt ? Date.parse(action.expiresAt) - Date.now() : Infinity;
  const words = () => {
    const over = Date.parse(action.expiresAt) <= Date.now();
    put("qr-title", say("scan", { brand: brandName(brand) }));
    put("qr-more", say("scanMore"));
    at("qr-image").alt = say("scan", { brand: brandName(brand) });
    at("qr-image").classList.toggle("over", over);
    const until = action.expiresAt ? say("qrUntil", { time: moment(action.expiresAt) }) : "";
    put("qr-until", over ? say("qrOver") : until);
    at("qr-new").hidden = !over;
    put("qr-new", say("qrNew"));
    put("qr-other", say("other"));
  };
  show("qr", words);
  at("qr-new").onclick = () => payByWallet(brand);
  if (left > 0 && left < LONGEST_TIMER_MS) later(words, left + 50);
}

/** The ways to pay; what was typed stays, `notice` says what happened to the last try. */
function showChoice(notice) {
  const cards = found.brands.filter((one) => one.type === "card").map((one) => one.name);
  const wallets = found.brands.filter((one) => one.type === "e-wallet").map((one) => one.name);
  const ways = [...(cards.length ? ["card"] : []), ...wallets];
  if (!ways.length) return showOver("empty");
  if (!ways.includes(chosen)) chosen = ways[0];
  acceptCards(cards);
  const words = () => {
    const text = notice?.();
    put("notice", text ?? "");
    at("notice").hidden = !text;
    about?.wordDetails();
    put("choose-title", say("methods"));
    drawWays(ways, cards);
    wordCard(money(found.order.amount));
    drawChosen();
  };
  show("choose", words);
  if (notice) at("notice").focus();
  const left = Date.parse(found.order.expiresAt) - Date.now();
  if (left > 0) later(look, Math.min(left + 1000, LONGEST_TIMER_MS));
  return undefined;
}

function drawWays(ways, cards) {
  const rows = ways.map((way) => {
    const row = at("way").content.cloneNode(true);
    const radio = row.querySelector("input");
    radio.value = way;
    radio.checked = way === chosen;
    radio.addEventListener("change", () => {
      chosen = way;
      drawChosen();
    });
    row.querySelector(way === "card" ? ".icon-wallet" : ".icon-card").remove();
    row.querySelector(".way-name").textContent = way === "card" ? say("card") : brandName(way);
    row.querySelector(".way-more").textContent =
      way === "card" ? cards.map(brandName).join(" · ") : "";
    return row;
  });
  const hadFocus = at("methods").contains(document.activeElement);
  at("methods").replaceChildren(...rows);
  if (hadFocus) at("methods").querySelector(":checked").focus();
}

function drawChosen() {
  const byCard = chosen === "card";
  at("card").hidden = !byCard;
  at("wallet").hidden = byCard;
  if (byCard) return;
  const brand = brandName(chosen);
  put("wallet-more", say(WIDE.matches ? "walletQr" : "walletRedirect", { brand }));
  put("pay-wallet", say("payWith", { brand, amount: money(found.order.amount) }));
}

// --- What happens --------------------------------------------------------------------------------

function later(what, inMs) {
  timers.push(setTimeout(what, inMs));
}

function forgetTimers() {
  timers.forEach(clearTimeout);
  timers = [];
}

function pollLater() {
  later(look, pause);
  pause = Math.min(pause * POLL_GROWTH, POLL_LAST_MS);
}

/** Shows what the service told; `leave` where a payer has just asked to be taken on. */
function tell(answer, { leave = false } = {}) {
  found = answer;
  forgetTimers();
  const { order, attempt, returnTo } = found;
  const state = attempt?.state;
  if (order.status === "Refunded") return showOver("refunded");
  if (PAID.includes(order.status) || state === "paid") return showPaid(returnTo);
  if (state === "waiting" && !otherWay) return wait(attempt, leave);
  if (state === "working") {
    showStatus("working", { more: "workingMore" });
    return pollLater();
  }
  if (!OPEN.includes(order.status)) return showOver("closed", "closedMore");
  if (state === "failed" && !otherWay) return failed(attempt);
  return showChoice(lost ? () => say("lost") : null);
}

function wait(attempt, leave) {
  const { action } = attempt;
  if (action?.type === "redirect" && leave) {
    forgetCard();
    showStatus("leaving");
    location.assign(action.url);
    return;
  }
  if (action?.type === "qr") showQr(attempt);
  else if (action?.type === "redirect") {
    showStatus("again", { spinning: false, url: action.url, more: "againMore" });
  } else showStatus("confirm", { more: "confirmMore" });
  pollLater();
}

function failed({ code, field }) {
  showChoice(() => say("failed", { why: whyNot(code) }));
  if (field?.startsWith("payer.")) return about?.blameDetail(field);
  if (chosen === "card") blame(field);
  return undefined;
}

/** An order may want to know who pays: most do not, and their pages load nothing for it. */
async function prepare({ collect }) {
  if (about || !collect?.length) return;
  const details = await import("./details.js");
  details.askFor(collect);
  about = details;
}

async function look() {
  forgetTimers();
  try {
    const answer = await readOrder();
    await prepare(answer);
    tell(answer);
    lost = false;
  } catch (error) {
    if (error instanceof Missing) return showOver("missing", "missingMore");
    showStatus("offline", { spinning: false, retry: true, more: "offlineMore" });
    pollLater();
  }
  return undefined;
}

async function tryToPay(means) {
  forgetTimers();
  otherWay = false;
  pause = POLL_FIRST_MS;
  showStatus("working", { more: "workingMore" });
  try {
    const answer = await pay(about ? { ...means, payer: about.details() } : means);
    forgetCvc();
    tell(answer, { leave: true });
  } catch (error) {
    forgetCvc();
    if (error instanceof Refused) return showChoice(() => say("failed", { why: whyNot(error.code) }));
    // The payment may have been taken although its answer was lost: the order knows.
    lost = !(error instanceof Missing);
    return look();
  }
  return undefined;
}

function payByWallet(brand) {
  tryToPay({ wallet: { brand, presentation: WIDE.matches ? "qr" : "redirect" } });
}

function payAnotherWay() {
  otherWay = true;
  tell(found);
}

// Before the forms' own listeners: who pays is asked above how.
for (const id of ["card", "wallet"]) {
  at(id).addEventListener("submit", (event) => {
    if (!about || about.checkDetails()) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  });
}
at("about").addEventListener("submit", (event) => event.preventDefault());
watchCard((card) => tryToPay({ card }));
at("wallet").addEventListener("submit", (event) => {
  event.preventDefault();
  payByWallet(chosen);
});
at("other").addEventListener("click", payAnotherWay);
at("qr-other").addEventListener("click", payAnotherWay);
at("retry").addEventListener("click", look);
WIDE.addEventListener("change", () => draw());
for (const name of LANGUAGES) {
  at(`lang-${name}`).addEventListener("click", () => {
    chooseLanguage(name);
    drawAll();
  });
}
// Back from a wallet's app or out of the browser's cache: what was shown may be long over.
addEventListener("pageshow", (event) => event.persisted && look());
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && ["status", "qr"].includes(view) && timers.length) look();
});
drawAll();
look();
