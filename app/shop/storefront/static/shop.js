// Makes the pages quicker and calmer where there is JavaScript. Nothing here is needed: every form works without.
// It fetches the same pages and takes the piece it needs from them.
"use strict";

document.documentElement.classList.add("js");

// Only answers of our own origin (CSP: connect-src 'self') come here, and what is parsed so never runs scripts.
const trusted = window.trustedTypes?.createPolicy("shop", { createHTML: (text) => text }) ?? { createHTML: (text) => text };
const parse = (text) => new DOMParser().parseFromString(trusted.createHTML(text), "text/html");
const main = () => document.getElementById("main");

const load = async (address, options = {}) => {
  const answer = await fetch(address, { ...options, headers: { Accept: "text/html" } });
  return { answer, page: parse(await answer.text()) };
};

const take = (page, id) => {
  const fresh = page.getElementById(id);
  if (fresh) document.getElementById(id).replaceWith(document.adoptNode(fresh));
};

const show = (page, address) => {
  take(page, "main");
  take(page, "basket");
  document.title = page.title;
  if (address) history.replaceState(null, "", address);
  wait();
};

let silence;
const say = (text, link) => {
  const said = document.getElementById("said");
  const anchor = document.createElement("a");
  [anchor.href, anchor.textContent] = link;
  said.replaceChildren(text + " ", anchor);
  said.classList.add("shown");
  clearTimeout(silence);
  silence = setTimeout(() => said.classList.remove("shown"), 6000);
};

// A button that was pressed says so, and cannot be pressed twice.
const busy = (button) => {
  button.setAttribute("aria-disabled", "true");
  if (button.dataset.busy) [button.dataset.idle, button.textContent] = [button.textContent, button.dataset.busy];
};
const idle = (button) => {
  delete button.form.dataset.busy;
  button.removeAttribute("aria-disabled");
  if (button.dataset.idle) button.textContent = button.dataset.idle;
};

const swap = async (form, button) => {
  const product = form.elements.product?.value;
  try {
    const body = new URLSearchParams(new FormData(form, button));
    const { answer, page } = await load(form.action, { method: "POST", body });
    if (form.dataset.swap === "said" && answer.ok) {
      take(page, "basket");
      say("It is in your cart.", ["/cart", "See the cart"]);
      return;
    }
    show(page, answer.ok ? answer.url : null);
    // Whoever uses a keyboard stays at the line that was changed; where it is gone, at the top of what is new.
    const line = [...document.querySelectorAll("[data-now]")].find((other) => other.elements.product.value === product);
    (line?.elements.quantity ?? main()).focus({ preventScroll: true });
  } catch {
    form.submit();
  } finally {
    if (button.isConnected) idle(button);
  }
};

addEventListener("submit", (event) => {
  const form = event.target;
  const button = event.submitter ?? form.querySelector("button");
  if (form.method !== "post" || !button) return;
  if ("busy" in form.dataset) return event.preventDefault();
  if (form.dataset.swap) {
    event.preventDefault();
    swap(form, button);
  }
  // Once the browser has read the form: a button that was changed before would change what is sent.
  form.dataset.busy = "";
  setTimeout(() => "busy" in form.dataset && busy(button));
});

// "Back" may bring a page as it was left: with a button that still says "Paying …".
addEventListener("pageshow", (event) => {
  if (event.persisted) document.querySelectorAll("button[aria-disabled]").forEach(idle);
});

// A changed number in the cart needs no button.
let soon;
addEventListener("input", (event) => {
  const form = event.target.form;
  clearTimeout(soon);
  if (form && "now" in form.dataset && event.target.checkValidity() && event.target.value !== "")
    soon = setTimeout(() => form.requestSubmit(), 500);
  if (event.target.id === "find" && location.pathname === "/search") soon = setTimeout(search, 250, event.target);
});

// On its own page, the search answers while somebody types.
let asked = 0;
const search = async (field) => {
  const mine = ++asked;
  const address = "/search?" + new URLSearchParams({ q: field.value });
  try {
    const { page } = await load(address);
    if (mine === asked) show(page, address);
  } catch {
    // Enter still works.
  }
};

// A payment that takes its time is asked about until it has come.
let waiting;
const wait = () => {
  clearTimeout(waiting);
  const seconds = document.querySelector("[data-poll]")?.dataset.poll;
  if (!seconds) return;
  waiting = setTimeout(async () => {
    try {
      const { answer, page } = await load(location.href);
      if (answer.ok && !page.querySelector("[data-poll]")) return show(page);
    } catch {
      // The next one may get through.
    }
    wait();
  }, seconds * 1000);
};
wait();
