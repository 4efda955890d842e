/** Why a server cannot keep the queue; the message names the server and the remedy, never a password. */
export class JobServerError extends Error {
  override readonly name = "JobServerError";
  readonly code: "BAD_URL" | "UNREACHABLE" | "UNUSABLE" | "IN_USE";

  constructor(code: JobServerError["code"], message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

const SETTING = "the queue's url (`--queue-url` of `npm start`)";

/** A server that keeps the queue, as messages speak of it. */
export class JobServer {
  /** "Redis at 127.0.0.1:6379". */
  readonly name: string;

  /** @throws {JobServerError} `BAD_URL` */
  constructor(product: string, url: string, example: string) {
    const parsed = URL.parse(url);
    const schemes = [new URL(example).protocol, `${new URL(example).protocol.slice(0, -1)}s:`, "postgresql:"];
    if (parsed === null || !schemes.includes(parsed.protocol)) {
      throw new JobServerError("BAD_URL", `The job queue needs ${SETTING} in the form of ${example}.`);
    }
    this.name = `${product} at ${parsed.host}${parsed.pathname}`;
  }

  unreachable(cause: unknown): JobServerError {
    const remedy = `Start it, or correct ${SETTING}; the embedded queue needs no server.`;
    return new JobServerError(
      "UNREACHABLE",
      `The job queue cannot reach ${this.name}: ${reason(cause)}. ${remedy}`,
      cause,
    );
  }

  unusable(cause: unknown, remedy: string): JobServerError {
    return new JobServerError("UNUSABLE", `The job queue cannot use ${this.name}: ${reason(cause)}. ${remedy}`, cause);
  }

  inUse(namespace: string): JobServerError {
    return new JobServerError(
      "IN_USE",
      `The job queue ${namespace} on ${this.name} is in use by another node. Stop that node, or give this one an account of its own.`,
    );
  }
}

/** A host with several addresses fails with an error per address and no message of its own. */
function reason(cause: unknown): string {
  if (cause instanceof AggregateError && cause.message === "") return cause.errors.map(reason).join(", ");
  return cause instanceof Error ? cause.message : String(cause);
}
