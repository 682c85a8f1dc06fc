// A form whose `credential` field a passkey fills in; it stays hidden where the browser has none.

class PasskeyForm extends HTMLElement {
  connectedCallback() {
    if (!window.PublicKeyCredential?.parseRequestOptionsFromJSON) return;
    this.hidden = false;
    this.form = this.querySelector("form");
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
  }

  async send() {
    const problem = this.querySelector("[data-part='problem']");
    problem.textContent = "";
    try {
      const credential = this.dataset.does === "create" ? await this.create() : await this.get();
      this.form.elements.credential.value = JSON.stringify(credential);
      this.form.submit();
    } catch {
      problem.textContent = problem.dataset.said;
    }
  }

  async create() {
    const asked = this.options().creation_options.publicKey;
    const passwordless = this.form.elements.passwordless?.checked ?? false;
    asked.authenticatorSelection = {
      ...asked.authenticatorSelection,
      residentKey: passwordless ? "required" : "discouraged",
      requireResidentKey: passwordless,
      ...(passwordless && { userVerification: "required" }),
    };
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(asked);
    return (await navigator.credentials.create({ publicKey })).toJSON();
  }

  async get() {
    const asked = this.dataset.does === "login" ? await this.fetched() : this.options();
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(
      asked.request_options.publicKey,
    );
    return (await navigator.credentials.get({ publicKey })).toJSON();
  }

  async fetched() {
    const answer = await fetch(this.form.action, {
      headers: { Accept: "application/json", "X-Requested-With": "XMLHttpRequest" },
    });
    if (!answer.ok) throw new Error(answer.statusText);
    return answer.json();
  }

  options() {
    return JSON.parse(this.querySelector("#passkey-options").textContent);
  }
}

customElements.define("passkey-form", PasskeyForm);
