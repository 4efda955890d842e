/** Published figures, gas of a whole transaction (survey of November 2026); the comparison is one of purpose, not of size. */
export const CHECKPOINT_PEERS: Readonly<Record<string, number>> = {
  "Polygon PoS checkpoint, 105 validators": 2_200_000,
  "Aztec propose, committee of 48, least": 325_000,
  "Aztec propose, committee of 48, most": 466_000,
  "OP Stack output proposal, one chain": 93_000,
  "Symbiotic quorum check": 182_000,
  "Snowbridge submitFinal": 797_000,
  "Hubble batch of 1,024 transfers": 362_000,
};
