import { useMutation, useQuery } from "@tanstack/vue-query";
import { computed, ref } from "vue";
import { useRoute, useRouter } from "vue-router";
import {
  confirmAddress,
  fetchRegistration,
  forgotPassword,
  register,
  resetPassword,
  undoAddress,
  verifyEmail,
} from "../api";
import { peekOnward } from "../onward";
import { useSession } from "../session";
import type { Registration, Reset } from "../types";

/** Who may register here. */
export function useRegistrationTerms() {
  const terms = useQuery({ queryKey: ["registration"], queryFn: fetchRegistration, staleTime: 60_000 });
  /** Whoever comes from the link of an invitation may register, whatever is set. */
  const invitation = /^\/join#t=([\w-]+)$/.exec(peekOnward() ?? "")?.[1];
  const isOpen = computed(() => !!terms.data.value && terms.data.value.mode !== "invitation");
  return { terms, invitation, mayRegister: computed(() => isOpen.value || invitation !== undefined) };
}

export function useRegister() {
  return useMutation({ mutationFn: (body: Registration) => register(body) });
}

export function useForgot() {
  return useMutation({ mutationFn: (email: string) => forgotPassword(email) });
}

export function useReset() {
  return useMutation({ mutationFn: (body: Reset) => resetPassword(body) });
}

export type LinkKind = "verify" | "confirm" | "undo";
const LINKS = { verify: verifyEmail, confirm: confirmAddress, undo: undoAddress };

/** Follows a link from a mail, and shows whoever is signed in what has changed. */
export function useLink(kind: LinkKind) {
  const session = useSession();
  return useMutation({
    async mutationFn(token: string) {
      await LINKS[kind](token);
      if (session.state !== "in") return;
      if (kind === "undo") session.end();
      else await session.refresh();
    },
  });
}

/** The token of a link from a mail. It is taken out of the address, so that it stays in no history. */
export function useLinkToken() {
  const route = useRoute();
  const router = useRouter();
  const token = ref(new URLSearchParams(route.hash.slice(1)).get("t") ?? "");
  if (route.hash) void router.replace({ path: route.path, query: route.query });
  return token;
}
