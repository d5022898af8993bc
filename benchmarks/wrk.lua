-- Sends each request of a file once, in order: a line "signature<TAB>id<TAB>timestamp<TAB>body".
local requests, at = {}, 0

function init(args)
  for line in io.lines(args[1]) do
    local signature, id, stamp, body = string.match(line, '^([^\t]+)\t([^\t]+)\t([^\t]+)\t(.+)$')
    requests[#requests + 1] = wrk.format('POST', '/hooks/shop', {
      ['content-type'] = 'application/json', ['webhook-id'] = id,
      ['webhook-timestamp'] = stamp, ['webhook-signature'] = signature,
    }, body)
  end
end

function request()
  at = at + 1
  return requests[at] or requests[#requests]
end

function done(summary, latency, calls)
  io.write(string.format('{"requests":%d,"seconds":%.6f,"bad":%d,"p50_ms":%.3f,"p99_ms":%.3f}\n',
    summary.requests, summary.duration / 1e6,
    summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
