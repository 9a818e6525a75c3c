// The card form: shaped and checked while it is typed.
import {
  brandOf,
  cvcFault,
  cvcLength,
  digitsOf,
  expiryFault,
  groupedNumber,
  holderFault,
  isNumberComplete,
  numberFault,
  shapedExpiry,
} from "./cards.js";
import { at, put } from "./dom.js";
import { brandName, say } from "./texts.js";

const NAMES = ["number", "expiry", "cvc", "holder"];
const WIRE = { cardNumber: "number", expiryDate: "expiry", cvc: "cvc", holderName: "holder" };
const faults = { number: null, expiry: null, cvc: null, holder: null };
let accepted = [];

/** Watches the form; `onCard` gets a card of which nothing is known to be wrong. */
export function watchCard(onCard) {
  watch("number", groupedNumber, () => isNumberComplete(at("number").value, accepted));
  watch("expiry", shapedExpiry, () => digitsOf(at("expiry").value).length === 4);
  watch("cvc", (text) => digitsOf(text).slice(0, cvcLength(at("number").value)), () => false);
  watch("holder", (text) => text, () => Boolean(holderFault(at("holder").value)));
  at("card").addEventListener("submit", (event) => {
    event.preventDefault();
    const wrong = NAMES.filter((name) => !check(name));
    if (wrong.length) at(wrong[0]).focus();
    else onCard(card());
  });
}

/** Which brands of cards the order can be paid with. */
export function acceptCards(brands) {
  accepted = brands;
}

/** The form in the payer's language, faults included. */
export function wordCard(amount) {
  for (const name of NAMES) {
    put(`${name}-label`, say(name));
    put(`${name}-error`, faults[name] ? say(faults[name]) : "");
  }
  put("holder-optional", say("optional"));
  at("expiry").placeholder = say("expiryForm");
  put("private", say("private"));
  put("pay", say("pay", { amount }));
  follow();
}

/** The code is typed anew for every try: nobody may keep it. */
export function forgetCvc() {
  at("cvc").value = "";
  tell("cvc", null);
}

export function forgetCard() {
  at("card").reset();
  for (const name of NAMES) tell(name, null);
  follow();
}

/** Shows that the service found fault with a field; false if it is none of these. */
export function blame(field) {
  const name = WIRE[field?.split(".").at(-1)];
  if (!name) return false;
  tell(name, name === "holder" ? "badHolder" : `bad${name[0].toUpperCase()}${name.slice(1)}`);
  at(name).focus();
  return true;
}

function card() {
  const holderName = at("holder").value.trim();
  return {
    cardNumber: digitsOf(at("number").value),
    expiryDate: digitsOf(at("expiry").value),
    cvc: at("cvc").value,
    ...(holderName && { holderName }),
  };
}

function faultOf(name) {
  const text = at(name).value;
  if (name === "number") return numberFault(text, accepted);
  if (name === "expiry") return expiryFault(text);
  return name === "cvc" ? cvcFault(text, at("number").value) : holderFault(text);
}

function check(name) {
  tell(name, faultOf(name));
  return faults[name] === null;
}

function tell(name, fault) {
  faults[name] = fault;
  put(`${name}-error`, fault ? say(fault) : "");
  at(name).setAttribute("aria-invalid", String(fault !== null));
}

function watch(name, shape, isComplete) {
  const field = at(name);
  field.addEventListener("input", () => {
    reshape(field, shape);
    // While a field is being repaired or is not finished, nothing is held against it.
    if (isComplete()) check(name);
    else tell(name, null);
    if (name === "number") follow();
  });
  field.addEventListener("blur", () => field.value && check(name));
}

/** Gives the field its shape and leaves the cursor behind the digit where it was. */
function reshape(field, shape) {
  const shaped = shape(field.value);
  if (shaped === field.value) return;
  const atEnd = field.selectionStart === field.value.length;
  const before = digitsOf(field.value.slice(0, field.selectionStart)).length;
  field.value = shaped;
  if (atEnd) return;
  let place = 0;
  for (let seen = 0; seen < before && place < shaped.length; place++) {
    if (/\d/.test(shaped[place])) seen++;
  }
  field.setSelectionRange(place, place);
}

/** The brand that the number shows, and the length of its security code. */
function follow() {
  const number = at("number").value;
  const brand = brandOf(digitsOf(number));
  put("brand", brand ? brandName(brand.name) : "");
  put("cvc-hint", say("cvcHint", { count: cvcLength(number) }));
  at("cvc").maxLength = cvcLength(number);
}
