// SPDX-License-Identifier: Apache-2.0
// Places the nodes of a small directed graph without cycles, layer by layer, after Sugiyama, Tagawa
// and Toda (1981): every node is behind its inputs; edges over several layers get bends in between;
// layers are sorted so that few edges cross; within a layer nodes come as near to their neighbours as
// their sizes let them.
//
// "along" is the way the data flow, "across" the other axis; which of them is x, the caller says.

const SWEEPS = 8;

/** nodes: [{id, along, across}] sizes; edges: [{from, to, room}], room: between the layers. Returns
 * {places: Map id -> {along, across}} (centres), bends: one list of {along, across} per edge, and the
 * sizes of the whole. */
export function layout(nodes, edges, gapAcross) {
  const known = new Map(nodes.map((node) => [node.id, node]));
  const links = edges.filter((edge) => known.has(edge.from) && known.has(edge.to));
  const rank = ranks(nodes, links);
  const layers = [];
  const put = (item, layer) => {
    (layers[layer] ??= []).push(item);
    return item;
  };
  const items = new Map(
    nodes.map((node) => [node.id, { id: node.id, size: node.across, before: [], after: [] }]),
  );
  for (const node of nodes) put(items.get(node.id), rank.get(node.id));
  const chains = links.map((edge) => {
    const chain = [items.get(edge.from)];
    for (let layer = rank.get(edge.from) + 1; layer < rank.get(edge.to); layer++) {
      chain.push(put({ id: null, size: 6, before: [], after: [] }, layer));
    }
    chain.push(items.get(edge.to));
    chain.forEach((item, i) => {
      if (i === 0) return;
      item.before.push(chain[i - 1]);
      chain[i - 1].after.push(item);
    });
    return chain;
  });
  sortLayers(layers);
  placeAcross(layers, gapAcross);

  const centres = [];
  let end = 0;
  layers.forEach((layer, i) => {
    const deep = Math.max(...layer.map((item) => (item.id === null ? 0 : known.get(item.id).along)));
    centres[i] = end + deep / 2;
    const passing = links.filter((edge) => rank.get(edge.from) <= i && rank.get(edge.to) > i);
    end += deep + Math.max(0, ...passing.map((edge) => edge.room));
  });
  const all = layers.flat();
  const least = Math.min(...all.map((item) => item.at - item.size / 2));
  const most = Math.max(...all.map((item) => item.at + item.size / 2));
  const place = (item, layer) => ({ along: centres[layer], across: item.at - least });
  return {
    places: new Map(nodes.map((node) => [node.id, place(items.get(node.id), rank.get(node.id))])),
    bends: chains.map((chain, i) => chain.map((item, j) => place(item, rank.get(links[i].from) + j))),
    links,
    along: end,
    across: most - least,
  };
}

/** Longest way from a node without inputs; such nodes then come as near to their readers as they can. */
function ranks(nodes, edges) {
  const rank = new Map(nodes.map((node) => [node.id, 0]));
  for (let again = true, rounds = 0; again && rounds <= nodes.length; rounds++) {
    again = false;
    for (const { from, to } of edges) {
      if (rank.get(to) <= rank.get(from)) {
        rank.set(to, rank.get(from) + 1);
        again = true;
      }
    }
  }
  for (const { id } of nodes) {
    const readers = edges.filter((edge) => edge.from === id).map((edge) => rank.get(edge.to));
    if (readers.length && !edges.some((edge) => edge.to === id)) rank.set(id, Math.min(...readers) - 1);
  }
  return rank;
}

function sortLayers(layers) {
  const number = (layer) => layer.forEach((item, i) => (item.order = i));
  layers.forEach(number);
  let best = null;
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const down = sweep % 2 === 0;
    for (const layer of down ? layers : [...layers].reverse()) {
      const middle = new Map(
        layer.map((item) => {
          const near = down ? item.before : item.after;
          return [
            item,
            near.length ? near.reduce((sum, other) => sum + other.order, 0) / near.length : item.order,
          ];
        }),
      );
      layer.sort((a, b) => middle.get(a) - middle.get(b) || a.order - b.order);
      number(layer);
    }
    const crossings = layers.reduce((sum, layer) => sum + crossingsAfter(layer), 0);
    if (!best || crossings < best.crossings) best = { crossings, orders: layers.map((layer) => [...layer]) };
  }
  best.orders.forEach((order, i) => {
    layers[i] = order;
    number(order);
  });
}

function crossingsAfter(layer) {
  const edges = layer.flatMap((item) => item.after.map((other) => [item.order, other.order]));
  let crossings = 0;
  for (let i = 0; i < edges.length; i++) {
    for (let j = 0; j < i; j++) {
      if ((edges[i][0] - edges[j][0]) * (edges[i][1] - edges[j][1]) < 0) crossings++;
    }
  }
  return crossings;
}

/** Each layer in turn: every item wants to be at the mean of its neighbours; those that then would
 * overlap are moved together as a block (regression under an order, by pooling). */
function placeAcross(layers, gap) {
  for (const layer of layers) {
    let end = 0;
    for (const item of layer) {
      item.at = end + item.size / 2;
      end += item.size + gap;
    }
    for (const item of layer) item.at -= (end - gap) / 2;
  }
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    for (const layer of sweep % 2 === 0 ? layers : [...layers].reverse()) {
      const wanted = layer.map((item) => {
        const near = sweep % 2 === 0 ? item.before : item.after;
        const others = near.length ? near : [...item.before, ...item.after];
        return others.length ? others.reduce((sum, other) => sum + other.at, 0) / others.length : item.at;
      });
      spread(layer, wanted, gap);
    }
  }
}

function spread(layer, wanted, gap) {
  const blocks = [];
  let offset = 0;
  layer.forEach((item, i) => {
    if (i > 0) offset += (layer[i - 1].size + item.size) / 2 + gap;
    let block = { sum: wanted[i] - offset, count: 1, items: [[item, offset]] };
    while (
      blocks.length &&
      blocks[blocks.length - 1].sum / blocks[blocks.length - 1].count > block.sum / block.count
    ) {
      const last = blocks.pop();
      block = {
        sum: last.sum + block.sum,
        count: last.count + block.count,
        items: [...last.items, ...block.items],
      };
    }
    blocks.push(block);
  });
  for (const block of blocks) {
    for (const [item, by] of block.items) item.at = block.sum / block.count + by;
  }
}
