import { useQuery } from "@tanstack/vue-query";
import { computed, ref } from "vue";
import { useI18n } from "vue-i18n";
import { fetchEmail, fetchMailSystem, listEmails, listTemplates, sendAgain } from "../api";
import type { Email, EmailState } from "../types";
import { useAction, usePages, useSearchText } from "@/shared/composables";

const KEY = ["admin", "emails"];

/** The outbox, by state, template and exact address. */
export function useEmails() {
  const { text: address, settled } = useSearchText();
  const state = ref<EmailState | "">("");
  const template = ref("");
  const filter = computed(() => ({
    state: state.value || undefined,
    template: template.value || undefined,
    address: settled.value.trim() || undefined,
  }));
  const pages = usePages<Email>(
    computed(() => [...KEY, filter.value]),
    (page) => listEmails(filter.value, page),
  );
  const system = useQuery({ queryKey: ["admin", "mail-system"], queryFn: fetchMailSystem });
  const templates = useQuery({ queryKey: ["admin", "email-templates"], queryFn: listTemplates });
  const names = computed(() => [...new Set(templates.data.value?.items.map((one) => one.name) ?? [])]);
  return { pages, address, state, template, names, system };
}

/** One mail with its text. */
export function useEmail(id: () => string | undefined) {
  const { t } = useI18n();
  const query = useQuery({
    queryKey: computed(() => [...KEY, "one", id()]),
    queryFn: () => fetchEmail(id() ?? ""),
    enabled: computed(() => id() !== undefined),
  });
  const again = useAction((email: string) => sendAgain(email), { done: () => t("email.sentAgain"), refresh: [KEY] });
  return { query, again };
}
