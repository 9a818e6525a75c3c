// What the merchant wants to know of the payer. Loaded only for orders that ask for it.
import { COUNTRIES } from "./countries.js";
import { at, put } from "./dom.js";
import { countryName, learn, say } from "./texts.js";
import { WORDS } from "./words.js";

const PLAIN = {
  fullName: { autocomplete: "name" },
  email: { type: "email", autocomplete: "email", maxBytes: 254 },
  phoneNumber: { type: "tel", autocomplete: "tel", maxBytes: 32 },
};
const ADDRESS = {
  addressLine1: { autocomplete: "address-line1", maxBytes: 50, whole: true },
  addressLine2: { autocomplete: "address-line2", maxBytes: 50, optional: true, whole: true },
  city: { autocomplete: "address-level2", maxBytes: 50 },
  postalCode: { autocomplete: "postal-code", maxBytes: 16, optional: true },
  stateOrProvince: { autocomplete: "address-level1", maxBytes: 50, optional: true, whole: true },
  country: { autocomplete: "country", whole: true },
};
const EMAIL = /^[^@\s]+@[^@\s]+\.[^@\s.]+$/;
const PHONE = /^\+?\d[\d ()-]{4,30}$/;
let fields = []; // { id, detail, part, optional, fault … } in the order in which they are asked
let groups = [];
let same = null; // the box by which the delivery address is the billing address

/** Builds the fields, once. */
export function askFor(details) {
  learn(WORDS);
  for (const detail of details) {
    if (PLAIN[detail]) at("about-fields").append(fieldOf(detail, null, PLAIN[detail]));
    else at("about-fields").append(groupOf(detail));
  }
  at("about").hidden = false;
}

/** The fields in the payer's language, faults included. */
export function wordDetails() {
  put("about-title", say("about"));
  for (const group of groups) put(`${group}-legend`, say(group));
  if (same) put("same-label", say("same"));
  for (const { id, detail, part, optional, fault } of fields) {
    put(`${id}-label`, say(part ?? detail));
    put(`${id}-optional`, optional ? say("optional") : "");
    put(`${id}-error`, fault ? say(fault) : "");
    if (part === "country") wordCountries(at(id));
  }
}

/** Whether nothing is known to be wrong; if not, the first fault has the focus. */
export function checkDetails() {
  const wrong = asked().filter((one) => !check(one));
  if (wrong.length) at(wrong[0].id).focus();
  return !wrong.length;
}

/** As the service takes it. */
export function details() {
  const told = {};
  for (const { id, detail, part } of asked()) {
    const text = at(id).value.trim();
    if (!text) continue;
    if (part) told[detail] = { ...told[detail], [part]: text };
    else told[detail] = text;
  }
  if (same?.checked) told.shippingAddress = told.billingAddress;
  return told;
}

const asked = () => fields.filter((one) => !(same?.checked && one.detail === "shippingAddress"));

/** Shows that the service found fault with a field. */
export function blameDetail(field) {
  const [, detail, part] = field?.split(".") ?? [];
  const found = fields.find((one) => one.detail === detail && (!part || one.part === part));
  if (!found) return;
  tell(found, at(found.id).value ? "badDetail" : "needed");
  at(found.id).focus();
}

function groupOf(detail) {
  const group = document.createElement("fieldset");
  const legend = document.createElement("legend");
  legend.id = `${detail}-legend`;
  group.append(legend);
  if (groups.length) group.append(sameBox(group));
  for (const [part, about] of Object.entries(ADDRESS)) group.append(fieldOf(detail, part, about));
  groups.push(detail);
  return group;
}

/** Most parcels go where the bill goes: the second address is asked only if it is another. */
function sameBox(group) {
  const row = document.createElement("label");
  row.className = "same";
  same = document.createElement("input");
  same.type = "checkbox";
  same.checked = true;
  const text = document.createElement("span");
  text.id = "same-label";
  row.append(same, text);
  const follow = () => group.classList.toggle("folded", same.checked);
  same.addEventListener("change", follow);
  follow();
  return row;
}

function fieldOf(detail, part, about) {
  const { autocomplete, type = "text", maxBytes = 128, optional = false, whole = false } = about;
  const row = at("detail").content.cloneNode(true);
  const id = part ? `${detail}-${part}` : detail;
  const input = document.createElement(part === "country" ? "select" : "input");
  const kind = { billingAddress: "billing ", shippingAddress: "shipping " }[detail] ?? "";
  if (part !== "country") input.type = type;
  input.id = id;
  input.required = !optional;
  input.autocomplete = kind + autocomplete;
  input.setAttribute("aria-describedby", `${id}-error`);
  input.setAttribute("aria-invalid", "false");
  row.querySelector("label").htmlFor = id;
  row.querySelector(".field").classList.toggle("whole", whole);
  for (const name of ["label", "optional", "error"]) row.querySelector(`.${name}`).id = `${id}-${name}`;
  row.querySelector("label").after(input);
  const field = { id, detail, part, maxBytes, optional, fault: null };
  fields.push(field);
  input.addEventListener("input", () => tell(field, null));
  input.addEventListener("blur", () => input.value && check(field));
  return row;
}

/** Every country by its name, the browser's own chosen until the payer chooses. */
function wordCountries(select) {
  const region = new Intl.Locale(navigator.language).region;
  const chosen = select.value || COUNTRIES.find(([two]) => two === region)?.[1] || "";
  const named = COUNTRIES.map(([two, three]) => [countryName(two), three]);
  named.sort(([a], [b]) => a.localeCompare(b, document.documentElement.lang));
  const options = [["", ""], ...named].map(([name, three]) => new Option(name, three));
  select.replaceChildren(...options);
  select.value = chosen;
}

function faultOf({ id, detail, maxBytes, optional }) {
  const text = at(id).value.trim();
  if (!text) return optional ? null : "needed";
  if (detail === "email" && !EMAIL.test(text)) return "badEmail";
  if (detail === "phoneNumber" && !PHONE.test(text)) return "badPhone";
  return new TextEncoder().encode(text).length > maxBytes ? "tooLong" : null;
}

function check(field) {
  tell(field, faultOf(field));
  return field.fault === null;
}

function tell(field, fault) {
  field.fault = fault;
  put(`${field.id}-error`, fault ? say(fault) : "");
  at(field.id).setAttribute("aria-invalid", String(fault !== null));
}
