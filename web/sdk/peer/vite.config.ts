import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

// The result lies in node_modules: it is made from what is here, and no part of the tree.
export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  ssr: { noExternal: true },
  build: {
    ssr: "main.ts",
    target: "node20",
    outDir: "../../node_modules/.kinwire-peer",
    emptyOutDir: true,
    reportCompressedSize: false,
    rolldownOptions: { output: { entryFileNames: "peer.js" } },
  },
});
