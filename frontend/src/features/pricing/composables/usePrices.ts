import { useQuery } from "@tanstack/vue-query";
import { computed, ref } from "vue";
import { useI18n } from "vue-i18n";
import { addPrice, importPrices, listPrices, listUnpriced, previewPrice, withdrawPrice } from "../api";
import type { NewPrice, PreviewQuestion } from "../types";
import { useAction, usePages, useSearchText } from "@/shared/composables";

const KEY = ["admin", "prices"];
/** A new price also charges the events that waited for one. */
const AFTER_CHANGE = [KEY, ["admin", "overview"], ["usage"], ["credits"]];

/** The price book, by model and origin. */
export function usePrices() {
  const { text: model, settled } = useSearchText();
  const origin = ref<"all" | "library" | "manual">("all");
  const filter = computed(() => ({
    model: settled.value.trim() || undefined,
    origin: origin.value === "all" ? undefined : origin.value,
  }));
  const pages = usePages(
    computed(() => [...KEY, "list", filter.value]),
    (page) => listPrices(filter.value, page),
  );
  return { pages, model, origin };
}

export function useUnpriced() {
  return useQuery({ queryKey: [...KEY, "unpriced"], queryFn: listUnpriced });
}

/** New prices: one by hand, or many from the library after a look at the difference. */
export function usePriceChanges() {
  const { t } = useI18n();
  return {
    add: useAction((body: NewPrice) => addPrice(body), {
      done: () => t("pricing.added"),
      refresh: AFTER_CHANGE,
      quiet: true,
    }),
    compare: useAction(() => importPrices(true), { quiet: true }),
    bring: useAction(() => importPrices(false), {
      done: () => t("pricing.import.done"),
      refresh: AFTER_CHANGE,
      quiet: true,
    }),
    withdraw: useAction((input: { id: string; note: string }) => withdrawPrice(input.id, input.note), {
      done: () => t("pricing.withdraw.done"),
      refresh: AFTER_CHANGE,
      quiet: true,
    }),
    preview: useAction((question: PreviewQuestion) => previewPrice(question), { quiet: true }),
  };
}
