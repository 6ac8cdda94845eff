import { useLocalStorage } from "@vueuse/core";
import { defineStore } from "pinia";
import { computed, ref, shallowRef } from "vue";
import { fetchMe, sendCode, signIn as postSignIn, signOut as postSignOut } from "./api";
import type { Me } from "./types";
import { toApiError, type ApiError } from "@/shared/api";
import { usePreferences } from "@/shared/preferences";

/** The readable one of the two cookies that a sign-in sets; without it there is no session to ask about. */
const CSRF_COOKIE = /(?:^|;\s*)ccm_csrf=/;

export type SessionState = "unknown" | "out" | "in" | "unreachable";

/** Who is signed in, and which of their workspaces is on the screen. */
export const useSession = defineStore("session", () => {
  const preferences = usePreferences();
  const me = shallowRef<Me>();
  const state = ref<SessionState>("unknown");
  const failure = shallowRef<ApiError>();
  const chosen = useLocalStorage<string | null>("ccm.workspace", null);

  const workspaces = computed(() => me.value?.workspaces ?? []);
  const workspace = computed(
    () =>
      workspaces.value.find((one) => one.id === chosen.value) ??
      workspaces.value.find((one) => one.kind === "personal") ??
      workspaces.value[0],
  );
  const isAdmin = computed(() => me.value?.role === "admin");
  const mayWrite = computed(() => !!workspace.value && workspace.value.role !== "viewer");

  function adopt(answer: Me): void {
    me.value = answer;
    state.value = "in";
    preferences.adopt(answer);
  }

  function end(): void {
    me.value = undefined;
    state.value = "out";
  }

  async function load(): Promise<void> {
    if (!CSRF_COOKIE.test(document.cookie)) return end();
    try {
      adopt(await fetchMe());
    } catch (thrown) {
      const error = toApiError(thrown);
      failure.value = error;
      if (error.status === 401) end();
      else state.value = "unreachable";
    }
  }

  /** Reads the person anew after they changed something about themself or their workspaces. */
  async function refresh(): Promise<void> {
    adopt(await fetchMe());
  }

  /** Returns the challenge where a code is asked for; without one the person is in. */
  async function signIn(email: string, password: string): Promise<string | undefined> {
    const answer = await postSignIn(email, password);
    if ("challenge" in answer) return answer.challenge;
    await refresh();
    return undefined;
  }

  async function finishSignIn(challenge: string, code: string): Promise<void> {
    await sendCode(challenge, code);
    await refresh();
  }

  async function signOut(): Promise<void> {
    await postSignOut();
    end();
  }

  return {
    me,
    state,
    failure,
    workspaces,
    workspace,
    chosen,
    isAdmin,
    mayWrite,
    load,
    refresh,
    signIn,
    finishSignIn,
    signOut,
    end,
    adopt,
  };
});
