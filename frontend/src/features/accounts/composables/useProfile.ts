import { changePassword, updateProfile } from "../api";
import { useSession } from "../session";
import type { PasswordChange, ProfileChange } from "../types";
import { useAction } from "@/shared/composables";
import { useI18n } from "vue-i18n";

/** What a person may change about themself. */
export function useProfile() {
  const { t } = useI18n();
  const session = useSession();

  const save = useAction(
    async (change: ProfileChange) => {
      await updateProfile(change);
      await session.refresh();
    },
    { done: () => t("accounts.profile.saved"), quiet: true },
  );
  const password = useAction((change: PasswordChange) => changePassword(change), {
    done: () => t("accounts.profile.changed"),
    quiet: true,
  });
  return { save, password };
}
