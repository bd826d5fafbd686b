// An agent in JavaScript that speaks JSON lines on its standard streams: runs right and jumps.
//
//   mario score --agent "cmd:node examples/clients/jumper.mjs" --track quick

import { createInterface } from "node:readline";

const RIGHT = 2, JUMP = 8, SPEED = 16;

const say = (message) => process.stdout.write(JSON.stringify(message) + "\n");

for await (const line of createInterface({ input: process.stdin })) {
  const message = JSON.parse(line);
  if (message.type === "hello") {
    // It looks at no grid, so it asks for none.
    say({ type: "hello", name: "jumper.mjs", observe: [] });
  } else if (message.type === "observation") {
    const jump = message.may_jump || !message.on_ground;
    say({ type: "action", buttons: jump ? RIGHT | JUMP | SPEED : RIGHT });
  } else if (message.type === "error") {
    console.error(message.message);
  }
}
