import type { Answer, Item } from "@/shared/api";

export type Email = Item<"/v1/admin/emails">;
export type EmailState = Email["state"];
export type EmailDetail = Answer<"/v1/admin/emails/{email_id}">;
export type EmailText = Answer<"/v1/admin/email-templates/{template}/{language}/render", "post">;
export type MailSystem = Answer<"/v1/admin/mail-system">;
export type TemplateRef = Item<"/v1/admin/email-templates">;
export type Template = Answer<"/v1/admin/email-templates/{template}/{language}">;
export interface TemplatePlace {
  template: string;
  language: string;
}
