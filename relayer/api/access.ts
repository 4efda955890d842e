import { isIP } from "node:net";

/** Which web pages and which names of this machine the API answers. */
export interface AccessRules {
  /**
   * Origins of web pages that may use the API: `*`, or a list such as `https://app.example`. Any by default: no request acts
   * by the authority of whoever sends it (there are no accounts, cookies or unlocked keys; transactions come signed), and
   * what can be read is public. A wallet or a dapp on any page can therefore use a shard, as it uses any public endpoint.
   */
  readonly origins: "*" | readonly string[];
  /**
   * Names of this machine besides `localhost` and its IP addresses. A page whose own name is pointed at this address (DNS
   * rebinding) is of the same origin as the API to its browser, so that no rule about origins reaches it: its name in the
   * Host header gives it away.
   */
  readonly hosts: readonly string[];
}

export const DEFAULT_ACCESS: AccessRules = { origins: "*", hosts: [] };

/** Seconds that a browser may remember its leave; Chrome caps it here. */
const PREFLIGHT_SECONDS = "7200";

/** Whether the Host header names this machine. Without one it is no browser that asks. */
export function isAllowedHost({ hosts }: AccessRules, header: string | undefined): boolean {
  if (header === undefined) return true;
  const name = /^(\[[^\]]*\]|[^:]*)(?::\d{1,5})?$/.exec(header)?.[1]?.toLowerCase();
  if (name === undefined) return false;
  return name === "localhost" || isIP(name.replace(/^\[|\]$/g, "")) !== 0 || hosts.includes(name);
}

/** Whether a page of that origin may ask; those who ask without one are no pages. */
export function isAllowedOrigin({ origins }: AccessRules, origin: string | undefined): boolean {
  return origin === undefined || origins === "*" || origins.includes(origin);
}

/** Headers that let a page of an allowed origin read the answer. */
export function originHeaders({ origins }: AccessRules, origin: string | undefined): Record<string, string> {
  if (origins === "*") return { "access-control-allow-origin": "*" };
  return { vary: "origin", ...(origin === undefined ? {} : { "access-control-allow-origin": origin }) };
}

/** What a browser asks before it sends JSON, also from a public page to this machine. */
export const PREFLIGHT_HEADERS = {
  "access-control-allow-methods": "GET, POST",
  "access-control-allow-headers": "content-type",
  "access-control-allow-private-network": "true",
  "access-control-max-age": PREFLIGHT_SECONDS,
} as const;
