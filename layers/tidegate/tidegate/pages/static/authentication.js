// Introduces the browser to the card's issuer (EMV 3-D Secure): first the issuer's method in a
// hidden frame, then its challenge on the whole page, or neither.
import { at, browserInfo, post, put } from "./dom.js";
import { currentLanguage, say } from "./texts.js";

const METHOD_MS = 10000; // EMV 3DS 2.2.0, requirement 3DS-59: the method is given ten seconds
const HERE = location.pathname.replace(/\/$/, "");
// What only this browser holds meanwhile; a fragment is never sent by itself. Kept before a form
// leaves this page.
const sealed = location.hash.slice(1) || null;
let started = false;

async function send(more) {
  const answer = await fetch(HERE, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ browser: browserInfo(), sealed, ...more }),
    credentials: "omit",
    cache: "no-store",
  });
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
  return answer.json();
}

/** Runs the issuer's method: "Y" once it has led the frame back to our own address. */
function runMethod({ url, threeDSMethodData }) {
  return new Promise((done) => {
    const frame = document.createElement("iframe");
    frame.name = "method";
    frame.title = say("bank");
    frame.hidden = true;
    document.body.append(frame);
    setTimeout(done, METHOD_MS, "N");
    frame.addEventListener("load", () => isBack(frame) && done("Y"));
    post(url, { threeDSMethodData }, "method");
  });
}

function isBack(frame) {
  try {
    return frame.contentWindow.location.origin === location.origin;
  } catch {
    return false; // still at the issuer's address, which we may not read
  }
}

async function start() {
  if (started) return;
  started = true;
  at("spinner").hidden = false;
  at("failure").hidden = true;
  try {
    let step = await send({});
    if (step.next === "method") step = await send({ methodCompleted: await runMethod(step) });
    goOn(step);
  } catch {
    fail();
  }
}

function goOn({ next, url, creq, threeDSSessionData, message }) {
  if (next === "challenge") {
    post(url, { creq, ...(threeDSSessionData && { threeDSSessionData }) });
  } else if (next === "done") location.replace(url);
  else fail(message);
}

/** Says so; the button begins anew. */
function fail(message = "") {
  started = false;
  at("spinner").hidden = true;
  put("failure", `${say("bankFailed")} ${message}`);
  at("failure").hidden = false;
}

document.documentElement.lang = currentLanguage() === "zh" ? "zh-Hans" : "en";
document.title = say("bank");
put("title", say("bank"));
put("more", say("bankMore"));
put("submitBtn", say("next"));
at("start").addEventListener("submit", (event) => {
  event.preventDefault();
  start();
});
start();
