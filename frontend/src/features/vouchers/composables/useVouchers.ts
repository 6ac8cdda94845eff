import { computed, toValue, type MaybeRefOrGetter } from "vue";
import { useI18n } from "vue-i18n";
import { createBatch, listBatches, listRedemptions, redeemCode, withdrawBatch } from "../api";
import type { NewBatch } from "../types";
import { useAction, usePages } from "@/shared/composables";
import { useFormat } from "@/shared/composables";

const KEY = ["admin", "vouchers"];

/** Batches of codes, and what an administrator does with them. */
export function useVouchers() {
  const { t } = useI18n();
  return {
    pages: usePages([...KEY, "list"], listBatches),
    create: useAction(
      (input: { body: NewBatch; idempotencyKey: string }) => createBatch(input.body, input.idempotencyKey),
      { refresh: [KEY], quiet: true },
    ),
    withdraw: useAction((input: { id: string; reason: string }) => withdrawBatch(input.id, input.reason), {
      done: () => t("vouchers.withdrawn"),
      refresh: [KEY],
      quiet: true,
    }),
  };
}

/** Who redeemed codes of a batch. */
export function useRedemptions(id: MaybeRefOrGetter<string>) {
  return usePages(
    computed(() => [...KEY, toValue(id), "redemptions"]),
    (page) => listRedemptions(toValue(id), page),
    { enabled: computed(() => !!toValue(id)) },
  );
}

/** A code turned into credits of the workspace on the screen. */
export function useRedeem() {
  const { t } = useI18n();
  const format = useFormat();
  return useAction((code: string) => redeemCode(code), {
    done: (grant) => t("vouchers.redeemed", { credits: format.value.credits(grant.amount) }),
    refresh: [["credits"], KEY],
    quiet: true,
  });
}
