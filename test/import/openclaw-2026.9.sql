-- What a gateway of OpenClaw 2026.9.6 had written of seven devices, reduced to the two tables that are read.
-- The keys were made for this, and the tokens are replaced.
PRAGMA user_version = 18;
CREATE TABLE device_pairing_paired (
  device_id TEXT NOT NULL PRIMARY KEY,
  public_key TEXT NOT NULL,
  display_name TEXT,
  operator_label TEXT,
  platform TEXT,
  device_family TEXT,
  client_id TEXT,
  client_mode TEXT,
  browser_origin TEXT,
  role TEXT,
  roles_json TEXT,
  scopes_json TEXT,
  approved_scopes_json TEXT,
  remote_ip TEXT,
  tokens_json TEXT,
  approved_via TEXT,
  node_surface_json TEXT,
  pending_node_surface_json TEXT,
  created_at_ms INTEGER NOT NULL,
  approved_at_ms INTEGER NOT NULL,
  last_seen_at_ms INTEGER,
  last_seen_reason TEXT
) STRICT;
CREATE TABLE device_pairing_pending (
  request_id TEXT NOT NULL PRIMARY KEY,
  device_id TEXT NOT NULL,
  public_key TEXT NOT NULL,
  display_name TEXT,
  platform TEXT,
  device_family TEXT,
  client_id TEXT,
  client_mode TEXT,
  browser_origin TEXT,
  role TEXT,
  roles_json TEXT,
  scopes_json TEXT,
  remote_ip TEXT,
  silent INTEGER,
  is_repair INTEGER,
  ts INTEGER NOT NULL,
  refreshed_at_ms INTEGER
) STRICT;
INSERT INTO device_pairing_paired
  (device_id, public_key, platform, client_id, client_mode, role, roles_json, scopes_json, approved_scopes_json, tokens_json, approved_via, created_at_ms, approved_at_ms, last_seen_at_ms, last_seen_reason)
VALUES
  ('2197ae4178f12deb917d751d6d869b2e86bbf881d9bbc52bfcd5addb6d574333', 'k9m6poK4CjX8DyU2LuUueUF3xUUgQTQymt-57Uiy9KE', 'linux', 'cli', 'cli', 'operator', '["operator"]', '["operator.admin","operator.approvals","operator.pairing"]', '["operator.admin","operator.approvals","operator.pairing"]', '{"operator":{"token":"throw-away-token-of-owner-operator-00000000","role":"operator","scopes":["operator.admin","operator.approvals","operator.pairing","operator.read","operator.write"],"createdAtMs":1795446323818}}', 'silent', 1795446323818, 1795446323818, 1795446323803, 'connect');
INSERT INTO device_pairing_paired
  (device_id, public_key, platform, client_id, client_mode, role, roles_json, scopes_json, approved_scopes_json, tokens_json, approved_via, created_at_ms, approved_at_ms, last_seen_at_ms, last_seen_reason)
VALUES
  ('c0a611aac2b60cb13a618a343934e24b66e7e59f526bbcc3290c5c46ab595965', 'Kg_7rBPTegobrXP_4hSN8BBB81z_qLiXUlMxAv5ZhWs', 'linux', 'cli', 'cli', 'operator', '["operator"]', '["operator.read","operator.approvals"]', '["operator.read","operator.approvals"]', '{"operator":{"token":"throw-away-token-of-laptop-operator-0000000","role":"operator","scopes":["operator.approvals","operator.read"],"createdAtMs":1795446323892,"rotatedAtMs":1795446325731}}', 'silent', 1795446323892, 1795446325731, 1795446325719, 'connect');
INSERT INTO device_pairing_paired
  (device_id, public_key, platform, device_family, client_id, client_mode, role, roles_json, scopes_json, approved_scopes_json, tokens_json, approved_via, created_at_ms, approved_at_ms, last_seen_at_ms, last_seen_reason)
VALUES
  ('5d9c12821a0e0df3ac0cfe70e7f85477489f12b8b52f000515e69542a282d3f9', '6Srd4KmJj_6F08n0ru4PZSko19imdtKILNLWaqGAzKY', 'linux', 'Linux', 'node-host', 'node', 'node', '["node"]', '[]', '[]', '{"node":{"token":"throw-away-token-of-phone-node-000000000000","role":"node","scopes":[],"createdAtMs":1795446323997}}', 'silent', 1795446323997, 1795446323997, 1795446323987, 'connect');
INSERT INTO device_pairing_paired
  (device_id, public_key, platform, client_id, client_mode, role, roles_json, scopes_json, approved_scopes_json, tokens_json, approved_via, created_at_ms, approved_at_ms, last_seen_at_ms, last_seen_reason)
VALUES
  ('02252cbbb62ae4437f3dfa4a0d18d08b2778b8f24932c2f974c547c021e6907f', '5XcerBbhLfU5_MybDKM2_XRTpJwlEm0qrBglo2Jz26E', 'linux', 'cli', 'cli', 'operator', '["operator"]', '["operator.read","operator.write"]', '["operator.read","operator.write"]', '{"operator":{"token":"throw-away-token-of-old-operator-0000000000","role":"operator","scopes":["operator.read","operator.write"],"createdAtMs":1795446324343,"revokedAtMs":1795446325681}}', 'silent', 1795446324343, 1795446324343, 1795446324329, 'connect');
INSERT INTO device_pairing_paired
  (device_id, public_key, platform, client_id, client_mode, role, roles_json, scopes_json, approved_scopes_json, tokens_json, approved_via, created_at_ms, approved_at_ms, last_seen_at_ms, last_seen_reason)
VALUES
  ('c45d175bbb25727ef4f3a862bac90831a799e48ff701364ceabfd20ea14e58ec', 'QY4KdvojnFNhmF2QNUOsbpZkxI0N-MSrOlSFFTETER8', 'linux', 'cli', 'cli', 'operator', '["operator"]', '["operator.read","operator.write"]', '["operator.read","operator.write"]', '{"operator":{"token":"throw-away-token-of-narrow-operator-0000000","role":"operator","scopes":["operator.read"],"createdAtMs":1795446324505,"rotatedAtMs":1795446325697}}', 'silent', 1795446324505, 1795446324505, 1795446324433, 'connect');
INSERT INTO device_pairing_paired
  (device_id, public_key, platform, device_family, client_id, client_mode, role, roles_json, scopes_json, approved_scopes_json, tokens_json, approved_via, created_at_ms, approved_at_ms, last_seen_at_ms, last_seen_reason)
VALUES
  ('267d7c4329f814bce0bc5dc970261d8dadd54a60be060bf2510149c73927bc7d', 'F2bFbUH28TsKR426ftzo2sKkpHDwqVz75EeRz4dKUJk', 'linux', 'Linux', 'node-host', 'node', 'node', '["operator","node"]', '["operator.write"]', '["operator.write"]', '{"operator":{"token":"throw-away-token-of-both-operator-000000000","role":"operator","scopes":["operator.read","operator.write"],"createdAtMs":1795446324994},"node":{"token":"throw-away-token-of-both-node-0000000000000","role":"node","scopes":[],"createdAtMs":1795446325598}}', 'owner', 1795446324994, 1795446325598, 1795446325624, 'connect');
INSERT INTO device_pairing_paired
  (device_id, public_key, platform, client_id, client_mode, role, roles_json, scopes_json, approved_scopes_json, tokens_json, approved_via, created_at_ms, approved_at_ms, last_seen_at_ms, last_seen_reason)
VALUES
  ('41a72221602801302cb58cb71e5a2689965dac81495621276dee1dd3ba998285', 'rqUoCmeOMUyLYOJ6NJDP_1bk1SiktbWyXEe8FBvVnco', 'linux', 'cli', 'cli', 'operator', '["operator"]', '["operator.read","operator.admin"]', '["operator.read","operator.admin"]', '{"operator":{"token":"throw-away-token-of-stranger-operator-00000","role":"operator","scopes":["operator.admin","operator.read","operator.write"],"createdAtMs":1795446325786}}', 'silent', 1795446325786, 1795446325786, 1795446325777, 'connect');
INSERT INTO device_pairing_pending
  (request_id, device_id, public_key, platform, device_family, client_id, client_mode, role, roles_json, scopes_json, silent, is_repair, ts)
VALUES
  ('3bd95fd2-e287-4a2a-988d-15c7e7dabdb4', '88a92663bc5589fe3b22338207e040a7e32cd0c8d727dc2e01f030cf519fd8a8', 'M8-kpHvOWl7Yr19zX8TNp86Nyr-YCpMvogg2Y8L56xU', 'linux', 'Linux', 'node-host', 'node', 'node', '["node"]', '[]', 0, 1, 1795446301272);
