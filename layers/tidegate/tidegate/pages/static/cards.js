// What can be told of a card while it is typed; the issuer has the last word.

// `usual` is the length at which a number counts as complete while it is being typed.
const BRANDS = [
  { name: "Visa", prefix: /^4/, lengths: [13, 16, 19], usual: 16, cvc: 3 },
  {
    name: "Mastercard",
    prefix: /^(5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/,
    lengths: [16],
    usual: 16,
    cvc: 3,
  },
  { name: "AMEX", prefix: /^3[47]/, lengths: [15], usual: 15, cvc: 4 },
  { name: "JCB", prefix: /^35(2[89]|[3-8])/, lengths: [16, 17, 18, 19], usual: 16, cvc: 3 },
  { name: "UnionPay", prefix: /^62/, lengths: [16, 17, 18, 19], usual: 19, cvc: 3 },
  { name: "Diners", prefix: /^3(0[0-5]|[689])/, lengths: [14, 16, 19], usual: 14, cvc: 3 },
  { name: "Discover", prefix: /^6(011|4[4-9]|5)/, lengths: [16, 19], usual: 16, cvc: 3 },
];
const LONGEST = 19;
const HOLDER_BYTES = 50;

export const digitsOf = (text) => text.replace(/\D/g, "");

/** The brand of a number, or of its beginning. */
export function brandOf(number) {
  return BRANDS.find((brand) => brand.prefix.test(number)) ?? null;
}

export function passesLuhn(number) {
  let total = 0;
  [...number].reverse().forEach((digit, index) => {
    const value = Number(digit) * (index % 2 ? 2 : 1);
    total += value > 9 ? value - 9 : value;
  });
  return total % 10 === 0;
}

/** A number in the groups that are printed on the card. */
export function groupedNumber(text) {
  const number = digitsOf(text).slice(0, LONGEST);
  const sizes = brandOf(number)?.name === "AMEX" ? [4, 6, 5, 4] : [4, 4, 4, 4, 3];
  const groups = [];
  let from = 0;
  for (const size of sizes) {
    if (from >= number.length) break;
    groups.push(number.slice(from, from + size));
    from += size;
  }
  return groups.join(" ");
}

/** `MM / YY`, also from what browsers fill in: `12/2028`, `1/28`. */
export function shapedExpiry(text) {
  const filled = /^\s*(\d{1,2})\s*[/-]\s*(?:20)?(\d{2})\s*$/.exec(text);
  let digits = filled ? filled[1].padStart(2, "0") + filled[2] : digitsOf(text).slice(0, 4);
  if (/^[2-9]/.test(digits)) digits = `0${digits}`.slice(0, 4);
  return digits.length > 2 ? `${digits.slice(0, 2)} / ${digits.slice(2)}` : digits;
}

/** The security code's length on cards of this number. */
export const cvcLength = (number) => brandOf(digitsOf(number))?.cvc ?? 3;

/** What is wrong with a number, as a key of the texts; null if nothing is. */
export function numberFault(text, accepted) {
  const number = digitsOf(text);
  const brand = brandOf(number);
  if (brand && !accepted.includes(brand.name)) return "unsupported";
  const long = brand ? brand.lengths.includes(number.length) : number.length >= 12;
  return long && passesLuhn(number) ? null : "badNumber";
}

/** Whether more typing would not usually repair a number. */
export function isNumberComplete(text, accepted) {
  const number = digitsOf(text);
  const brand = brandOf(number);
  if (!brand) return number.length === LONGEST;
  const full = [brand.usual, brand.lengths.at(-1)];
  return !accepted.includes(brand.name) || full.includes(number.length);
}

export function expiryFault(text, now = new Date()) {
  const digits = digitsOf(text);
  const month = Number(digits.slice(0, 2));
  if (digits.length !== 4 || month < 1 || month > 12) return "badExpiry";
  const end = new Date(2000 + Number(digits.slice(2)), month, 1);
  return end > now ? null : "expired";
}

export function cvcFault(text, number) {
  return /^\d+$/.test(text) && text.length === cvcLength(number) ? null : "badCvc";
}

export function holderFault(text) {
  return new TextEncoder().encode(text.trim()).length > HOLDER_BYTES ? "badHolder" : null;
}
