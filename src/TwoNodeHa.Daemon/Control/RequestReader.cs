using System.Text.Json;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Control;

namespace TwoNodeHa.Daemon.Control;

/// <summary>One line of the control socket as a request, or a sentence about what is wrong with it.</summary>
internal static class RequestReader
{
    private const int ShownMax = 40;

    /// <returns>The request; null, with <paramref name="trouble"/>, for a line that is none.</returns>
    public static ControlRequest? Read(ReadOnlySpan<byte> line, out string trouble)
    {
        try
        {
            var request = JsonSerializer.Deserialize(line, ControlJson.Default.ControlRequest);
            trouble = request is null ? "not a request: null" : "";
            return request;
        }
        catch (JsonException error)
        {
            trouble = VerbTrouble(line) ?? $"not a request: {error.Message}";
        }
        catch (NotSupportedException)
        {
            // What the reader says of an object without a verb.
            trouble = VerbTrouble(line) ?? "not a request";
        }

        return null;
    }

    /// <summary>What is wrong with the verb; null when it is a known one, or when there is no object to look into.</summary>
    private static string? VerbTrouble(ReadOnlySpan<byte> line)
    {
        var known = ControlRequest.Verbs;
        try
        {
            var reader = new Utf8JsonReader(line);
            using var document = JsonDocument.ParseValue(ref reader);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                return null;
            }

            if (!document.RootElement.TryGetProperty("verb", out var element) || element.ValueKind != JsonValueKind.String)
            {
                return $"not a request: \"verb\" is missing or no string; known are: {string.Join(", ", known)}";
            }

            var verb = element.GetString()!;
            return known.Contains(verb) ? null : $"unknown verb '{Shorten(verb)}'{Nearest(verb, known)}; known are: {string.Join(", ", known)}";
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static string Nearest(string verb, IEnumerable<string> known) =>
        NearestWord.Of(verb, known) is { } near ? $", did you mean '{near}'?" : "";

    private static string Shorten(string text) => text.Length <= ShownMax ? text : text[..ShownMax] + "…";
}
