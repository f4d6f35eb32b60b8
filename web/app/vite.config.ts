import { defineConfig } from "vite";

// No inlined assets and no polyfill: the page's Content-Security-Policy allows files of its own host alone.
export default defineConfig({
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: { proxy: { "/v1": { target: "http://localhost:8080", ws: true, changeOrigin: false } } },
});
