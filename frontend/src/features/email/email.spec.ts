import { flushPromises } from "@vue/test-utils";
import { createPinia } from "pinia";
import { beforeEach, describe, expect, it } from "vitest";
import EmailDrawer from "./components/EmailDrawer.vue";
import EmailsPage from "./pages/EmailsPage.vue";
import TemplatesPage from "./pages/TemplatesPage.vue";
import { calls, reply } from "../../../tests/fakeServer";
import { render, surroundings } from "../../../tests/mounting";

const email = {
  id: "mail_1",
  template: "accounts.verify",
  language: "en",
  address: "ann@example.com",
  state: "failed",
  tries: 2,
  error_code: "smtp_550",
  created_at: "2026-11-01T00:00:00.000Z",
  sent_at: null,
  next_attempt_at: null,
  has_body: true,
};
const ref = { name: "accounts.verify", language: "en", kind: "service", version: 1, is_edited: true, broken_at: null };

function pinia() {
  const made = createPinia();
  surroundings({ pinia: made });
  return made;
}

describe("mails", () => {
  beforeEach(() => {
    reply("GET /v1/admin/emails", { data: { items: [email], next_cursor: null } });
    reply("GET /v1/admin/email-templates", { data: { items: [ref] } });
    reply("GET /v1/admin/mail-system", { data: { mode: "none", sender: "a@b.example", broken_templates: 1 } });
  });

  it("are listed with what became of them, and say what is wrong with the mail server", async () => {
    const wrapper = render(EmailsPage, { pinia: pinia() });
    await flushPromises();
    expect(wrapper.text()).toContain("ann@example.com");
    expect(wrapper.text()).toContain("Failed");
    expect(wrapper.findAll("[role=alert]")).toHaveLength(2);
  });

  it("are shown in a frame that runs nothing, and sent again", async () => {
    const content = { subject: "Confirm", html: "<p>Hello</p>", text: "Hello" };
    const detail = { email, content, message_id: "<1@b.example>", error: "no such user", is_hidden: true };
    reply("GET /v1/admin/emails/mail_1", { data: detail });
    reply("POST /v1/admin/emails/mail_1/send-again", { data: detail });
    const wrapper = render(EmailDrawer, { props: { id: "mail_1", modelValue: true }, pinia: pinia() });
    await flushPromises();
    const frame = wrapper.find("iframe");
    expect(frame.attributes("sandbox")).not.toContain("allow-scripts");
    expect(frame.attributes("sandbox")).not.toContain("allow-same-origin");
    expect(wrapper.text()).toContain("smtp_550 · no such user");
    await wrapper
      .findAll("button")
      .find((one) => one.text() === "Send again")
      ?.trigger("click");
    await flushPromises();
    expect(calls.some((one) => one.path === "/v1/admin/emails/mail_1/send-again")).toBe(true);
  });
});

describe("a template", () => {
  it("is edited against the version that was read", async () => {
    const path = "/v1/admin/email-templates/accounts.verify/en";
    const source = "Subject: x\n\ny";
    const template = { template: ref, source, shipped: source, values: [{ name: "link", sample: "" }], history: [] };
    reply("GET /v1/admin/email-templates", { data: { items: [ref] } });
    reply(`GET ${path}`, { data: template });
    reply(`POST ${path}/render`, { data: { subject: "x", html: "<p>y</p>", text: "y" } });
    reply(`PUT ${path}`, { data: template });
    const wrapper = render(TemplatesPage, { pinia: pinia() });
    await flushPromises();
    await wrapper.find("textarea").setValue("Subject: new\n\nz");
    await wrapper
      .findAll("button")
      .find((one) => one.text() === "Save")
      ?.trigger("click");
    await flushPromises();
    const put = calls.find((one) => one.method === "PUT");
    expect(put?.body).toEqual({ version: 1, source: "Subject: new\n\nz" });
  });
});
