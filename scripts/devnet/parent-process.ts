import { network } from "hardhat";

/** Serves Hardhat's network on 127.0.0.1 until the process that started it lets go of it, or is gone. */
const server = await network.createServer({ network: "devnet" }, "127.0.0.1", Number(process.argv[2]));
const { address, port } = await server.listen();

// Signals reach the whole group of processes; when this one ends is the launcher's decision, or its end.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => {});
process.on("disconnect", () => process.exit(0));

process.send?.(`http://${address}:${port}`);
