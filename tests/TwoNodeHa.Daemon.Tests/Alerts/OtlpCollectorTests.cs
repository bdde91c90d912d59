using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Daemon.Alerts;
using TwoNodeHa.Daemon.Telemetry;
using TwoNodeHa.Daemon.Tests.Support;

namespace TwoNodeHa.Daemon.Tests.Alerts;

/// <summary>Against a collector of somebody else's: the Aspire dashboard, which takes OTLP/HTTP and gives back what it kept.</summary>
public sealed class OtlpCollectorTests : IDisposable
{
    private readonly Scratch _scratch = new();
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(10) };
    private readonly int _page = RealPart.FreePort();
    private readonly int _otlp = RealPart.FreePort();
    private RealPart? _dashboard;

    public void Dispose()
    {
        _http.Dispose();
        _dashboard?.Dispose();
        _scratch.Dispose();
    }

    [Fact]
    public async Task A_real_collector_keeps_every_metric_and_event()
    {
        await StartAsync();
        using (var exporter = new OtlpExporter(OtlpTests.Config(_otlp), () => AlertSamples.Status, TimeProvider.System, new Counters(), new ListLogger()))
        {
            exporter.Offer(new HaEvent(HaEventId.Conflict, Severity.Critical, "two \"masters\" €") { Vm = new Guid("aaaaaaaa-0000-4000-8000-000000000001") });
            exporter.Offer(new HaEvent(HaEventId.VmStarted, Severity.Notice, "web was started"));
            await Eventually.Holds(() => Resource() is { } kept && kept.GetProperty("hasLogs").GetBoolean() && kept.GetProperty("hasMetrics").GetBoolean(), "both came");
        }

        var logs = Get("logs").GetProperty("data").GetProperty("resourceLogs")[0];
        Assert.Equal("alpha", OtlpSchema.Attribute(logs.GetProperty("resource"), "host.name"));
        var records = logs.GetProperty("scopeLogs").EnumerateArray().SelectMany(scope => scope.GetProperty("logRecords").EnumerateArray())
            .ToDictionary(record => record.GetProperty("eventName").GetString()!);
        Assert.Equal(["twonodeha.Conflict", "twonodeha.VmStarted"], records.Keys.Order());
        Assert.Equal((21, "two \"masters\" €"), (records["twonodeha.Conflict"].GetProperty("severityNumber").GetInt32(), Said(records["twonodeha.Conflict"])));
        Assert.Equal("aaaaaaaa-0000-4000-8000-000000000001", OtlpSchema.Attribute(records["twonodeha.Conflict"], "twonodeha.vm.uuid"));
        Assert.Equal("web was started", Said(records["twonodeha.VmStarted"]));
    }

    /// <summary>What a collector cannot take it says in <c>partialSuccess</c>, with 200: the exporter does not read it, so it must be empty here.</summary>
    [Fact]
    public async Task A_real_collector_rejects_no_data_point()
    {
        await StartAsync();
        var json = new OtlpJson("alpha", "1");
        var now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        var body = json.Of(Metrics.Of(AlertSamples.Status, new Dictionary<int, long> { [(int)HaEventId.Conflict] = 2 }, "1", 1), now, now - 1000);
        Assert.Equal("{}", await PostAsync("metrics", body.ToArray()));
        Assert.Equal("{}", await PostAsync("logs", json.Of([(new HaEvent(HaEventId.Alert, Severity.Error, "x"), now)]).ToArray()));

        // The test can fail: a number where the protocol wants an array.
        using var broken = Content("""{"resourceMetrics":7}"""u8.ToArray());
        using var answer = await _http.PostAsync(new Uri($"http://127.0.0.1:{_otlp}/v1/metrics"), broken, TestContext.Current.CancellationToken);
        Assert.False(answer.IsSuccessStatusCode);
    }

    private static string? Said(JsonElement record) => record.GetProperty("body").GetProperty("stringValue").GetString();

    private static ByteArrayContent Content(byte[] body) => new(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };

    private async Task<string> PostAsync(string kind, byte[] body)
    {
        using var content = Content(body);
        using var answer = await _http.PostAsync(new Uri($"http://127.0.0.1:{_otlp}/v1/{kind}"), content, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }

    private JsonElement? Resource()
    {
        var kept = Get("resources");
        return kept.GetArrayLength() > 0 ? kept[0] : null;
    }

    private JsonElement Get(string what)
    {
        using var answer = _http.Send(new HttpRequestMessage(HttpMethod.Get, new Uri($"http://127.0.0.1:{_page}/api/telemetry/{what}")));
        using var document = JsonDocument.Parse(answer.EnsureSuccessStatusCode().Content.ReadAsStream());
        return document.RootElement.Clone();
    }

    private async Task StartAsync()
    {
        _dashboard = RealPart.Start(RealPart.RequireOfPackage("aspire.dashboard.sdk.linux-x64", "Aspire.Dashboard"), new Dictionary<string, string>
        {
            ["HOME"] = _scratch.Directory,
            ["DOTNET_DASHBOARD_UNSECURED_ALLOW_ANONYMOUS"] = "true",
            ["ASPNETCORE_URLS"] = $"http://127.0.0.1:{_page}",
            ["ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL"] = $"http://127.0.0.1:{RealPart.FreePort()}",
            ["ASPIRE_DASHBOARD_OTLP_HTTP_ENDPOINT_URL"] = $"http://127.0.0.1:{_otlp}",
        });
        await Eventually.Holds(IsUp, "the collector is up");
    }

    private bool IsUp()
    {
        try
        {
            return Get("resources").ValueKind == JsonValueKind.Array;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
