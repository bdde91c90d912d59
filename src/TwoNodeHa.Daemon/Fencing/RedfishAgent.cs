using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Daemon.ThirdParty;

namespace TwoNodeHa.Daemon.Fencing;

/// <summary>Redfish over HTTPS (DMTF DSP0266): the only system of the board, its power state, and ComputerSystem.Reset.</summary>
internal sealed class RedfishAgent(FenceConfig config) : IFenceAgent, IDisposable
{
    private const int AnswerMax = 256 * 1024;

    private HttpClient? _client;

    public async Task<PowerReading> StatusAsync(TimeSpan limit)
    {
        var (state, trouble) = await AskAsync(async cancel => Text(await SystemAsync(cancel), "PowerState"), limit);
        return state switch
        {
            "Off" => new PowerReading(Power.Off, "off"),
            "On" => new PowerReading(Power.On, "on"),
            _ => new PowerReading(Power.Unknown, state is null ? trouble : $"the board says PowerState {state}"),
        };
    }

    public async Task<string?> OffAsync(TimeSpan limit)
    {
        var (done, trouble) = await AskAsync(
            async cancel =>
            {
                var system = await SystemAsync(cancel);
                var target = system.TryGetProperty("Actions", out var actions) && actions.TryGetProperty("#ComputerSystem.Reset", out var reset)
                    ? Text(reset, "target") : null;
                _ = await SendAsync(HttpMethod.Post, target ?? throw new ThirdPartyException("the board offers no ComputerSystem.Reset"),
                    """{"ResetType":"ForceOff"}""", cancel);
                return "done";
            },
            limit);
        return done is null ? trouble : null;
    }

    public async Task<Guid?> HostUuidAsync(TimeSpan limit)
    {
        var (uuid, _) = await AskAsync(async cancel => Text(await SystemAsync(cancel), "UUID"), limit);
        return Guid.TryParse(uuid, out var parsed) ? parsed : null;
    }

    public void Dispose() => _client?.Dispose();

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private async Task<JsonElement> SystemAsync(CancellationToken cancel)
    {
        var systems = await SendAsync(HttpMethod.Get, "/redfish/v1/Systems", null, cancel);
        if (!systems.TryGetProperty("Members", out var members) || members.ValueKind != JsonValueKind.Array || members.GetArrayLength() != 1
            || Text(members[0], "@odata.id") is not { } path)
        {
            throw new ThirdPartyException("the board does not have exactly one system: use an agent that names it, like /usr/sbin/fence_redfish with systems-uri");
        }

        return await SendAsync(HttpMethod.Get, path, null, cancel);
    }

    private async Task<JsonElement> SendAsync(HttpMethod method, string path, string? body, CancellationToken cancel)
    {
        var client = _client ??= PinnedTls.Client(config.CaFile);
        using var request = new HttpRequestMessage(method, new Uri(new Uri($"https://{config.Address}/"), path));
        var credentials = Encoding.UTF8.GetBytes($"{config.User}:{SecretFile.Read(config.PasswordFile)}");
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(credentials));
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        }

        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
        if (!response.IsSuccessStatusCode)
        {
            throw new ThirdPartyException(response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden
                ? $"the board refuses user {config.User} ({(int)response.StatusCode}): look at {config.PasswordFile} and at the user's rights"
                : $"the board answers {method} {path} with {(int)response.StatusCode}");
        }

        await response.Content.LoadIntoBufferAsync(AnswerMax, cancel);
        var bytes = await response.Content.ReadAsByteArrayAsync(cancel);
        if (bytes.Length == 0)
        {
            return default;
        }

        using var document = JsonDocument.Parse(bytes);
        return document.RootElement.Clone();
    }

    private static async Task<(string? Said, string Trouble)> AskAsync(Func<CancellationToken, Task<string?>> work, TimeSpan limit)
    {
        using var patience = new CancellationTokenSource(limit);
        try
        {
            return (await work(patience.Token).WaitAsync(patience.Token) ?? "nothing", "");
        }
        catch (Exception error) when (error is ThirdPartyException or HttpRequestException or OperationCanceledException or JsonException
            or IOException or UriFormatException or InvalidOperationException)
        {
            return (null, PinnedTls.Why(error));
        }
    }
}
