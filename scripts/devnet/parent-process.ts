import { network } from "hardhat";

/** Serves Hardhat's network on 127.0.0.1 until it is told to end, or its parent process is gone. */
const server = await network.createServer({ network: "devnet" }, "127.0.0.1", Number(process.argv[2]));
const { address, port } = await server.listen();

process.on("disconnect", () => process.exit(0));
process.on("SIGTERM", () => process.exit(0));
// Ctrl-C reaches the whole group of processes; the launcher decides when this one ends.
process.on("SIGINT", () => {});

process.send?.(`http://${address}:${port}`);
