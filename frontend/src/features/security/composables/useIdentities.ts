import { useQuery } from "@tanstack/vue-query";
import { useI18n } from "vue-i18n";
import { linkIdentity, listIdentities, unlinkIdentity } from "../api";
import { useAction } from "@/shared/composables";

const KEY = ["identities"];

/** One's names at the identity provider. */
export function useIdentities() {
  const { t } = useI18n();
  const list = useQuery({ queryKey: KEY, queryFn: listIdentities });
  const link = useAction(
    async () => {
      const { url } = await linkIdentity();
      window.location.assign(url);
    },
    { quiet: true },
  );
  const unlink = useAction((id: string) => unlinkIdentity(id), {
    done: () => t("security.identities.unlinked"),
    refresh: [KEY],
    quiet: true,
  });
  return { list, link, unlink };
}
