namespace TwoNodeHa.Core.Advice;

/// <summary>The rule behind an event, as docs/protocol.md has it.</summary>
/// <param name="Rule">Its name.</param>
/// <param name="Anchor">Its heading in docs/protocol.md.</param>
/// <param name="Says">What it says.</param>
/// <param name="Otherwise">What would have changed the outcome.</param>
public sealed record RuleNote(string Rule, string Anchor, string Says, string Otherwise);
