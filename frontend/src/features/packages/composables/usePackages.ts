import { useQuery } from "@tanstack/vue-query";
import { computed, ref } from "vue";
import { useI18n } from "vue-i18n";
import {
  archivePackage,
  changePackage,
  createPackage,
  listLivingPackages,
  listPackages,
  moveSubscribers,
  publishPackage,
  writeDraft,
} from "../api";
import type { DraftTerms, Move, NewPackage, PackageChange } from "../types";
import { useAction, usePages } from "@/shared/composables";

const KEY = ["admin", "packages"];
const AFTER = [KEY, ["packages"], ["subscription"]];

/** The packages of the installation: those that can be had, or those that are archived. */
export function usePackages() {
  const shown = ref<"living" | "archived">("living");
  const pages = usePages(
    computed(() => [...KEY, "list", shown.value]),
    (page) => listPackages(shown.value === "archived", page),
  );
  return { shown, pages };
}

/** Packages with a published version, to be chosen from. */
export function usePackageChoice(enabled: () => boolean) {
  const query = useQuery({ queryKey: [...KEY, "choice"], queryFn: listLivingPackages, enabled });
  const options = computed(() =>
    (query.data.value?.items ?? [])
      .filter((one) => one.state === "published")
      .map((one) => ({ value: one.id, label: one.name })),
  );
  return { query, options };
}

/** What an administrator does to a package. */
export function usePackageDeeds() {
  const { t } = useI18n();
  const quiet = true;
  return {
    create: useAction((body: NewPackage) => createPackage(body), {
      done: () => t("packages.done.created"),
      refresh: AFTER,
      quiet,
    }),
    change: useAction((input: { id: string; body: PackageChange }) => changePackage(input.id, input.body), {
      done: () => t("packages.done.changed"),
      refresh: AFTER,
      quiet,
    }),
    draft: useAction(
      (input: { id: string; revision: number; terms: DraftTerms }) => writeDraft(input.id, input.revision, input.terms),
      { done: () => t("packages.done.drafted"), refresh: AFTER, quiet },
    ),
    publish: useAction((input: { id: string; revision: number }) => publishPackage(input.id, input.revision), {
      done: () => t("packages.done.published"),
      refresh: AFTER,
      quiet,
    }),
    archive: useAction(
      (input: { id: string; revision: number; reason: string }) =>
        archivePackage(input.id, input.revision, input.reason),
      { done: () => t("packages.done.archived"), refresh: AFTER, quiet },
    ),
    preview: useAction((input: { id: string; body: Move }) => moveSubscribers(input.id, input.body), { quiet }),
    move: useAction((input: { id: string; body: Move }) => moveSubscribers(input.id, input.body), {
      refresh: [...AFTER, ["admin", "subscriptions"]],
      quiet,
    }),
  };
}
