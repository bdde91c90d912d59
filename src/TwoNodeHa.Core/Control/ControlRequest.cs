using System.Collections.Immutable;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace TwoNodeHa.Core.Control;

/// <summary>
/// A request on the control socket, which speaks one JSON object per line (LF, UTF-8, at most 64 KiB), one answer per
/// request, in order. The member <c>verb</c> says which record it is; the others are its properties. Adding a verb takes a
/// record (one that changes something: in <see cref="OperatorRequest"/>), its line below, a command in ha-ctl, and whoever
/// answers it; parsing, the list of known verbs and the advice on a misspelt one follow from the lines below.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "verb")]
[JsonDerivedType(typeof(Status), "status")]
[JsonDerivedType(typeof(Events), "events")]
[JsonDerivedType(typeof(Version), "version")]
[JsonDerivedType(typeof(Vms), "vms")]
[JsonDerivedType(typeof(OperatorRequest.Enable), "enable")]
[JsonDerivedType(typeof(OperatorRequest.Disable), "disable")]
[JsonDerivedType(typeof(OperatorRequest.Maintenance), "maintenance")]
[JsonDerivedType(typeof(OperatorRequest.Takeover), "takeover")]
[JsonDerivedType(typeof(OperatorRequest.Protect), "protect")]
[JsonDerivedType(typeof(OperatorRequest.FenceSelf), "fence")]
[JsonDerivedType(typeof(OperatorRequest.FencePeer), "fence_peer")]
[JsonDerivedType(typeof(OperatorRequest.Depart), "depart")]
[JsonDerivedType(typeof(OperatorRequest.BootGuard), "guard")]
public abstract record ControlRequest
{
    private protected ControlRequest()
    {
    }

    /// <summary>Every verb the socket knows, in the order of the list above.</summary>
    public static ImmutableArray<string> Verbs { get; } =
        [.. Known().Select(known => (string)known.TypeDiscriminator!)];

    /// <summary>The verb of this request.</summary>
    [JsonIgnore]
    public string Verb => (string)Known().First(known => known.DerivedType == GetType()).TypeDiscriminator!;

    /// <summary>Everything <c>ha-ctl status</c> shows.</summary>
    public sealed record Status : ControlRequest;

    /// <summary>The newest events.</summary>
    /// <param name="Last">At most this many; 0 for all that are kept.</param>
    public sealed record Events(int Last = 0) : ControlRequest;

    /// <summary>Everything <c>ha-ctl vm</c> shows.</summary>
    public sealed record Vms : ControlRequest;

    /// <summary>Version of the daemon.</summary>
    public sealed record Version : ControlRequest;

    // The generated reader's own table: no reflection, so a trimmed or native program has it too.
    private static IList<JsonDerivedType> Known() => ControlJson.Default.ControlRequest.PolymorphismOptions!.DerivedTypes;
}
