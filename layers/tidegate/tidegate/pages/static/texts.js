// What the pages say, by language; failures by the code of the answer (docs/merchant-api.md).

const TEXTS = {
  en: {
    locale: "en",
    payTo: "Pay {store}",
    due: "Amount due",
    was: "Amount paid",
    order: "Order",
    until: "Pay before",
    methods: "How would you like to pay?",
    card: "Card",
    number: "Card number",
    expiry: "Expiry date",
    expiryForm: "MM / YY",
    cvc: "Security code",
    cvcHint: "{count} digits",
    holder: "Name on card",
    optional: "optional",
    pay: "Pay {amount}",
    payWith: "Pay {amount} with {brand}",
    walletRedirect: "We take you to {brand}, where you confirm the payment.",
    walletQr: "We show you a code to scan with the {brand} app.",
    private: "Your card details are encrypted and go to the payment service only.",
    loading: "One moment…",
    working: "Your payment is being processed",
    workingMore: "Please keep this page open.",
    leaving: "Taking you on to confirm the payment",
    confirm: "Please confirm the payment in your app",
    confirmMore: "This page notices by itself when you have paid.",
    again: "Your payment is waiting for you",
    againMore: "It has not been confirmed yet. You can go on where you left, or pay another way.",
    goOn: "Continue to confirm",
    scan: "Scan with {brand}",
    scanMore: "Open the app, scan the code and confirm. This page notices by itself.",
    qrUntil: "The code is valid until {time}",
    qrOver: "This code has expired.",
    qrNew: "Show a new code",
    other: "Pay another way",
    paid: "Payment complete",
    paidMore: "Thank you. {store} has received your payment.",
    returning: "You are being taken back to the shop.",
    back: "Back to the shop",
    refunded: "This order has been paid and refunded.",
    closed: "This payment link is no longer open.",
    closedMore: "Nothing can be paid here any more. Please ask the shop for a new link.",
    missing: "This payment link does not exist.",
    missingMore: "Please check the address, or ask the shop for a new link.",
    offline: "We cannot reach the payment service",
    offlineMore: "Please check your connection. We keep trying.",
    retry: "Try again",
    failed: "The payment did not go through. {why}",
    lost: "The connection was lost. The order has not been paid so far: please try again.",
    empty: "This shop takes no payments at the moment.",
    badNumber: "Check the card number",
    badExpiry: "Check the expiry date",
    expired: "The card has expired",
    badCvc: "Check the security code",
    badHolder: "The name is too long",
    unsupported: "This shop does not take this card",
    bank: "Connecting you to your bank",
    bankMore: "Your bank may ask you to confirm that it is you.",
    bankFailed: "Your bank's check could not be started. Please try again.",
    next: "Continue",
    names: { AMEX: "American Express", Alipayplus: "Alipay+", Paypay: "PayPay", TNG: "TNG eWallet" },
    failures: {
      V: "Please check what you have entered.",
      B0006: "This shop does not take this way to pay.",
      B0009: "This shop does not take this card.",
      B0012: "Another payment for this order is still on its way. Please wait a moment.",
      B0019: "Your bank wants to confirm that it is you.",
      B0021: "Your bank could not confirm that it is you.",
      B0033: "It was declined for security reasons.",
      B0040: "Please check the card number.",
      I: "The bank declined it.",
      I0051: "There is not enough money in the account.",
      I0054: "The card has expired.",
      I0061: "The amount is above the card's limit.",
      I0111: "The payment code has expired.",
      P: "The card's network could not complete it.",
      P0059: "It was declined for security reasons.",
      P0098: "It was not confirmed in time.",
      E: "Something went wrong on our side.",
      other: "Please try again, or pay another way.",
    },
  },
  zh: {
    locale: "zh-CN",
    payTo: "付款给 {store}",
    due: "应付金额",
    was: "已付金额",
    order: "订单号",
    until: "付款截止",
    methods: "请选择付款方式",
    card: "银行卡",
    number: "卡号",
    expiry: "有效期",
    expiryForm: "月 / 年",
    cvc: "安全码",
    cvcHint: "{count} 位数字",
    holder: "持卡人姓名",
    optional: "选填",
    pay: "支付 {amount}",
    payWith: "用{brand}支付 {amount}",
    walletRedirect: "我们将带您前往{brand}确认付款。",
    walletQr: "我们将显示二维码，请用{brand}扫码付款。",
    private: "您的卡信息已加密，仅发送至支付服务。",
    loading: "请稍候……",
    working: "正在处理您的付款",
    workingMore: "请不要关闭此页面。",
    leaving: "正在带您前往确认付款",
    confirm: "请在应用中确认付款",
    confirmMore: "付款后，本页面会自动更新。",
    again: "您的付款等待确认",
    againMore: "付款尚未确认。您可以继续，或更换付款方式。",
    goOn: "继续确认",
    scan: "请用{brand}扫码",
    scanMore: "打开应用扫描二维码并确认，本页面会自动更新。",
    qrUntil: "二维码有效期至 {time}",
    qrOver: "二维码已过期。",
    qrNew: "显示新的二维码",
    other: "更换付款方式",
    paid: "付款成功",
    paidMore: "谢谢！{store} 已收到您的付款。",
    returning: "正在带您返回商店。",
    back: "返回商店",
    refunded: "此订单已付款并退款。",
    closed: "此付款链接已失效。",
    closedMore: "此处无法再付款，请向商店索取新的链接。",
    missing: "此付款链接不存在。",
    missingMore: "请检查网址，或向商店索取新的链接。",
    offline: "无法连接支付服务",
    offlineMore: "请检查网络，我们会继续尝试。",
    retry: "重试",
    failed: "付款未成功。{why}",
    lost: "连接中断。订单目前尚未付款，请重试。",
    empty: "此商店目前无法收款。",
    badNumber: "请检查卡号",
    badExpiry: "请检查有效期",
    expired: "此卡已过期",
    badCvc: "请检查安全码",
    badHolder: "姓名过长",
    unsupported: "此商店不接受该卡",
    bank: "正在连接您的银行",
    bankMore: "银行可能会请您验证身份。",
    bankFailed: "无法开始银行验证，请重试。",
    next: "继续",
    names: {
      AMEX: "美国运通",
      UnionPay: "银联",
      Mastercard: "万事达",
      Alipay: "支付宝",
      Alipayplus: "Alipay+",
      WeChat_Pay: "微信支付",
      Paypay: "PayPay",
      TNG: "TNG eWallet",
    },
    failures: {
      V: "请检查您输入的信息。",
      B0006: "此商店不接受该付款方式。",
      B0009: "此商店不接受该卡。",
      B0012: "此订单的另一笔付款正在处理，请稍候。",
      B0019: "银行需要验证您的身份。",
      B0021: "银行未能验证您的身份。",
      B0033: "出于安全原因，付款被拒绝。",
      B0040: "请检查卡号。",
      I: "银行拒绝了此付款。",
      I0051: "账户余额不足。",
      I0054: "此卡已过期。",
      I0061: "金额超过此卡的限额。",
      I0111: "付款码已过期。",
      P: "卡组织未能完成此付款。",
      P0059: "出于安全原因，付款被拒绝。",
      P0098: "付款未能及时确认。",
      E: "我们的系统出现问题。",
      other: "请重试，或更换付款方式。",
    },
  },
};
const KEPT = "tidegate.language";
export const LANGUAGES = Object.keys(TEXTS);

const known = (tag) => LANGUAGES.find((one) => tag?.toLowerCase().startsWith(one));
const asked = known(new URLSearchParams(location.search).get("lang"));
// Kept for the tab, because issuers and wallets send payers back without what was asked for.
let language = asked ?? known(sessionStorage.getItem(KEPT)) ?? known(navigator.language) ?? "en";
if (asked) sessionStorage.setItem(KEPT, asked);

export const currentLanguage = () => language;

/** As the payer writes numbers and times, where the language is the browser's own. */
const locale = () =>
  known(navigator.language) === language ? navigator.language : TEXTS[language].locale;

export function chooseLanguage(name) {
  language = name;
  sessionStorage.setItem(KEPT, name);
}

/** Texts that only some pages need. */
export function learn(more) {
  for (const name of LANGUAGES) Object.assign(TEXTS[name], more[name]);
}

/** A text in the payer's language, with its values filled in. */
export function say(key, values = {}) {
  return TEXTS[language][key].replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

/** Why a payment failed: by its code, by the code's kind, or in general. */
export function whyNot(code) {
  const { failures } = TEXTS[language];
  return failures[code] ?? failures[code?.[0]] ?? failures.other;
}

/** A brand as payers know it. */
export function brandName(brand) {
  return TEXTS[language].names[brand] ?? brand.replaceAll("_", " ");
}

/** A country by its two letters. */
export function countryName(code) {
  return new Intl.DisplayNames([locale()], { type: "region" }).of(code);
}

export function money({ currency, value }) {
  const digits = value.split(".")[1]?.length ?? 0;
  return new Intl.NumberFormat(locale(), {
    style: "currency",
    currency,
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(value);
}

/** A moment: its time today, else with the day. */
export function moment(iso) {
  const when = new Date(iso);
  const today = when.toDateString() === new Date().toDateString();
  return new Intl.DateTimeFormat(locale(), {
    dateStyle: today ? undefined : "medium",
    timeStyle: "short",
  }).format(when);
}
