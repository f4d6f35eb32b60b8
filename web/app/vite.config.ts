import { defineConfig } from "vite";
import { version } from "./package.json" with { type: "json" };

// No inlined assets and no polyfill: the page's Content-Security-Policy allows files of its own host alone.
export default defineConfig({
  define: { __APP_VERSION__: JSON.stringify(version) },
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: { proxy: { "/v1": { target: "http://localhost:8080", ws: true, changeOrigin: false } } },
});
