import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// The local server that answers the API while `npm run dev` runs.
const API = process.env["API_BASE"] ?? "http://localhost:9000";
const proxy = { "/v2": API, "/_dev": API };

export default defineConfig({
  base: "/console/",
  plugins: [react()],
  server: { port: 9100, proxy },
  preview: { port: 9100, proxy },
  build: {
    target: "es2022",
    // A strict policy needs no polyfill, and nothing may be inlined as a data address of a script.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    cssCodeSplit: false,
    rollupOptions: {
      output: {
        entryFileNames: "assets/[name]-[hash].js",
        chunkFileNames: "assets/[name]-[hash].js",
        assetFileNames: "assets/[name]-[hash][extname]",
        codeSplitting: {
          groups: [
            // What renews the sign-in and asks for the page's code comes first and is small.
            { name: "start", test: /\/src\/start\.ts|vite\/preload-helper/, priority: 2 },
            // What every page begins with, and the page that is opened first.
            { name: "frame", test: /\/src\/(main|pages\/attribution\/Overview)\.tsx/, priority: 1 },
            // What the other pages share, and what is opened over a page: one file, so that few requests are made.
            { name: "shared", test: /\/src\/(?!pages\/|ui\/charts\/|app\/opened\/Calendar)/ },
          ],
        },
      },
    },
  },
  test: { include: ["src/**/*.test.ts"] },
});
