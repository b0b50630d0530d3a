// Bundles each package and writes the manifest. Started by scripts/vendor.sh from the root.
import { createHash } from "node:crypto";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { build } from "esbuild";

const HERE = "scripts/vendor";
const OUT = "static/vendor";
// DOMPurify may be used under either of two licences; this is the one we chose.
const TAKEN = [
  { name: "dompurify", file: "dompurify.js", licence: "Apache-2.0", text: "LICENSE" },
  { name: "squire-rte", file: "squire.js", licence: "MIT", text: "LICENSE" },
];

const manifest = [];
for (const { name, file, licence, text } of TAKEN) {
  const folder = `${HERE}/node_modules/${name}`;
  const { version } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
  await build({
    stdin: { contents: `export { default } from "${name}";`, resolveDir: HERE },
    banner: { js: `/* ${name} ${version}, ${licence}; see ${name}.LICENSE.txt */` },
    outfile: `${OUT}/${file}`,
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    legalComments: "none",
  });
  copyFileSync(`${folder}/${text}`, `${OUT}/${name}.LICENSE.txt`);
  const sha256 = createHash("sha256").update(readFileSync(`${OUT}/${file}`)).digest("hex");
  manifest.push({ name, version, licence, file, licenceFile: `${name}.LICENSE.txt`, sha256 });
}
writeFileSync(`${OUT}/manifest.json`, `${JSON.stringify(manifest, null, 2)}\n`);
