// One Prism for several API descriptions: node prism.js PORT FILE…
// Its command serves one each, and needs three seconds of CPU for every start.
const { createLogger } = require("@stoplight/prism-core");
const { getHttpOperationsFromSpec } = require("@stoplight/prism-http");
const { createServer } = require("@stoplight/prism-http-server");

const [port, ...files] = process.argv.slice(2);
const config = {
  isProxy: false,
  validateRequest: true,
  validateResponse: false, // what Prism makes up as an answer is nothing to us
  checkSecurity: true,
  errors: false,
  mock: { dynamic: false },
};

Promise.all(files.map((file) => getHttpOperationsFromSpec(file))).then((operations) => {
  const logger = createLogger("prism", { level: "fatal" });
  createServer(operations.flat(), { config, components: { logger }, cors: false }).listen(Number(port), "127.0.0.1");
});
