// The one way in which these pages touch their elements.

/** The element with this id. */
export const at = (id) => document.getElementById(id);

/** Shows text as text: nothing that a store or an order says can become markup. */
export function put(id, text) {
  at(id).textContent = text;
}

/** Leaves this page with a form, as access control servers expect it; or fills a frame. */
export function post(url, fields, target = "_self") {
  const form = document.createElement("form");
  form.method = "post";
  form.action = url;
  form.target = target;
  for (const [name, value] of Object.entries(fields)) {
    const input = document.createElement("input");
    input.type = "hidden";
    input.name = name;
    input.value = value;
    form.append(input);
  }
  document.body.append(form);
  form.submit();
}

/** What 3-D Secure wants to know of a browser (EMV 3DS 2.2.0, table A.1). */
export function browserInfo() {
  return {
    colorDepth: screen.colorDepth,
    javaEnabled: false,
    javaScriptEnabled: true,
    language: (navigator.language || "en").slice(0, 8),
    screenHeight: screen.height,
    screenWidth: screen.width,
    timeZoneOffset: new Date().getTimezoneOffset(),
  };
}
