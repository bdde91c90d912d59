using System.Collections.Immutable;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Situation;

namespace TwoNodeHa.Core.Step;

/// <summary>Result of one step.</summary>
/// <param name="State">Next state.</param>
/// <param name="Commands">Orders, to be executed in this order.</param>
/// <param name="NextWake">Latest time at which the loop must step again with <see cref="Observation.Ticked"/>, if nothing else happens.</param>
public readonly record struct Turn(HaState State, ImmutableArray<Command> Commands, Instant NextWake);
