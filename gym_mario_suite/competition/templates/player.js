"use strict";
// Draws recorded replays on a canvas. A film has, for each tick, where the camera is and which
// pictures are drawn where; the tiles and their changes come apart.

const TICKS_PER_SECOND = 24;
const LOOKS_LEFT = 1, UPSIDE_DOWN = 2, BEHIND = 4;
const SPRITE = 32, TILE = 16, SHEET_COLUMNS = 16;

function bytesOf(base64) {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

class Player {
  constructor(canvas, atlas) {
    this.context = canvas.getContext("2d");
    this.context.imageSmoothingEnabled = false;
    this.width = canvas.width;
    this.height = canvas.height;
    this.atlas = atlas;
    this.tick = 0;
    this.ready = Promise.all([this.image(atlas.png), ...atlas.skies.map((sky) => this.image(sky))])
      .then(([sheet, ...skies]) => {
        this.sheet = sheet;
        this.skies = skies;
      });
  }

  image(source) {
    return new Promise((resolve, reject) => {
      const image = new Image();
      image.onload = () => resolve(image);
      image.onerror = reject;
      image.src = source;
    });
  }

  load(film) {
    this.film = film;
    this.frames = new Int16Array(bytesOf(film.frames).buffer);
    this.first = bytesOf(film.tiles);
    this.starts = [];
    for (let at = 0; at < this.frames.length; at += 4 + 4 * this.frames[at + 3]) this.starts.push(at);
    this.rewind();
  }

  get ticks() {
    return this.starts.length;
  }

  rewind() {
    this.tiles = this.first.slice();
    this.applied = 0;
    this.tilesTick = -1;
  }

  // Tiles as they are after a tick; going back begins anew.
  bring(tick) {
    if (tick < this.tilesTick) this.rewind();
    const changes = this.film.changes;
    while (this.applied < changes.length && changes[this.applied][0] <= tick) {
      const [, x, y, tile] = changes[this.applied++];
      this.tiles[x * this.film.height + y] = tile;
    }
    this.tilesTick = tick;
  }

  draw(tick) {
    if (!this.sheet || !this.film || !this.ticks) return;
    this.tick = Math.max(0, Math.min(tick, this.ticks - 1));
    this.bring(this.tick);
    const at = this.starts[this.tick];
    this.camera = 16 * this.frames[at] + this.frames[at + 1];
    this.x = this.camera + this.frames[at + 2];
    this.drawSky();
    this.drawSprites(at, true);
    this.drawTiles();
    this.drawGoal();
    this.drawSprites(at, false);
  }

  drawSky() {
    const sky = this.skies[this.film.theme];
    const left = Math.floor(this.camera * 0.25) % sky.width;
    for (let x = -left; x < this.width; x += sky.width) this.context.drawImage(sky, x, 0);
  }

  drawTiles() {
    const { width, height, theme } = this.film;
    const step = Math.floor(this.tick / 3) % 6;
    const first = Math.max(0, this.camera >> 4);
    for (let x = first; x <= Math.min(width - 1, first + this.width / TILE); x++) {
      for (let y = 0; y < height; y++) {
        const tile = this.tiles[x * height + y];
        if (!tile) continue;
        const picture = this.atlas.tile_of_id[theme][tile][step < 4 ? step : 0];
        if (picture < 0) continue;
        const variant = (x * 73 ^ y * 151 ^ (x * y >> 1)) & 3;
        this.drawTile(this.atlas.tile_variants[picture][variant], x, y);
      }
    }
  }

  drawTile(picture, x, y) {
    if (this.atlas.tile_names[picture] === "hidden") return;
    const columns = 2 * SHEET_COLUMNS;
    const sourceY = this.atlas.tiles_y + Math.floor(picture / columns) * TILE;
    this.context.drawImage(this.sheet, picture % columns * TILE, sourceY, TILE, TILE,
      x * TILE - this.camera, y * TILE, TILE, TILE);
  }

  drawGoal() {
    const [column, ground] = this.film.exit;
    const names = this.atlas.tile_names;
    const flag = `goal_flag_${Math.floor(this.tick / 6) & 1}`;
    for (let i = 1; i <= 8; i++) {
      const name = i === 1 ? "goal_base" : i === 8 ? "goal_top" : i === 7 ? flag : "goal_pole";
      this.drawTile(names.indexOf(name), column, ground - i);
    }
  }

  drawSprites(at, behind) {
    const count = this.frames[at + 3];
    for (let i = 0; i < count; i++) {
      const [picture, x, y, flags] = this.frames.subarray(at + 4 + 4 * i, at + 8 + 4 * i);
      if (Boolean(flags & BEHIND) !== behind) continue;
      const context = this.context;
      context.save();
      context.translate(x, y - 15);
      context.scale(flags & LOOKS_LEFT ? -1 : 1, flags & UPSIDE_DOWN ? -1 : 1);
      context.drawImage(this.sheet, picture % SHEET_COLUMNS * SPRITE,
        Math.floor(picture / SHEET_COLUMNS) * SPRITE, SPRITE, SPRITE, -16, -16, SPRITE, SPRITE);
      context.restore();
    }
  }
}
