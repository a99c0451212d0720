// The log-in and registration forms.

import { api } from "./api.js";
import { byId } from "./dom.js";
import { ApiError } from "./errors.js";

const REQUIRED = "Please fill this in.";

/** Field errors out of the API's `errors`, which nests them below the place that they came in ({json: {email: [..]}}). */
function fieldErrors(errors) {
  const flat = errors?.json ?? errors ?? {};
  return Object.fromEntries(Object.entries(flat).map(([name, said]) => [name, [said].flat().map(String).join(" ")]));
}

class AuthForm {
  #form;
  #error;
  #submit;
  #onDone;

  /** @param {HTMLFormElement} form @param {(fields: object) => Promise<void>} submit @param {() => void} onDone */
  constructor(form, submit, onDone) {
    this.#form = form;
    this.#error = form.querySelector(".form-error");
    this.#submit = submit;
    this.#onDone = onDone;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
  }

  async submit() {
    this.#clear();
    if (!this.#complete()) return;
    this.#busy(true);
    try {
      await this.#submit(Object.fromEntries(new FormData(this.#form)));
      this.#form.reset();
      this.#onDone();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#showError(error);
    } finally {
      this.#busy(false);
    }
  }

  show(visible) {
    this.#form.hidden = !visible;
    if (!visible) this.#clear();
  }

  focus() {
    this.#form.querySelector("input").focus();
  }

  /** Own checks instead of the browser's bubbles, which screen readers and narrow screens handle badly. */
  #complete() {
    const wrong = [...this.#form.querySelectorAll("input")].filter((input) => !input.validity.valid);
    for (const input of wrong) this.#mark(input, input.validity.valueMissing ? REQUIRED : input.validationMessage);
    wrong[0]?.focus();
    return wrong.length === 0;
  }

  #mark(input, message) {
    input.setAttribute("aria-invalid", "true");
    byId(`${input.id}-error`).textContent = message;
  }

  #showError(error) {
    for (const [name, message] of Object.entries(fieldErrors(error.errors))) {
      const input = this.#form.elements.namedItem(name);
      if (input) this.#mark(input, message);
    }
    this.#error.textContent = error.message;
    this.#error.hidden = false;
    this.#form.querySelector("[aria-invalid]")?.focus();
  }

  #clear() {
    this.#error.hidden = true;
    for (const input of this.#form.querySelectorAll("[aria-invalid]")) {
      input.removeAttribute("aria-invalid");
      byId(`${input.id}-error`).textContent = "";
    }
  }

  #busy(busy) {
    for (const node of this.#form.querySelectorAll("button")) node.disabled = busy;
  }
}

/** Both forms, one of them visible. */
export class Auth {
  #login;
  #register;
  #notice = byId("auth-notice");

  /** @param {() => void} onLoggedIn */
  constructor(onLoggedIn) {
    this.#login = new AuthForm(byId("login-form"), ({ email, password }) => api.logIn(email.trim(), password), onLoggedIn);
    this.#register = new AuthForm(byId("register-form"), (fields) => api.register(newRenter(fields)), onLoggedIn);
    byId("show-register").addEventListener("click", () => this.#choose(this.#register));
    byId("show-login").addEventListener("click", () => this.#choose(this.#login));
    document.getElementById("demo-login")?.addEventListener("click", (event) => this.#useDemo(event.currentTarget.dataset));
  }

  /** @param {string} notice why the form is shown; empty when there is nothing to say */
  show(notice = "") {
    this.#notice.textContent = notice;
    this.#notice.hidden = notice === "";
    this.#choose(this.#login);
  }

  #choose(form) {
    this.#login.show(form === this.#login);
    this.#register.show(form === this.#register);
    form.focus();
  }

  #useDemo({ email, password }) {
    byId("login-email").value = email;
    byId("login-password").value = password;
    this.#login.submit();
  }
}

function newRenter({ email, password, name, phone }) {
  const fields = { email: email.trim(), password, name: name.trim(), user_type: "renter" };
  return phone.trim() ? { ...fields, phone: phone.trim() } : fields;
}
